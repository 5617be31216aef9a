-- For the tool that migrates production down; aiodal never runs a `.down.sql`.
drop view route_traffic;
