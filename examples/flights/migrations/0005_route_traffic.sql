create view route_traffic as
select origin,
       dest,
       count(*) as flights,
       count(*) filter (where status = 'cancelled') as cancelled,
       avg(arrival_delay)::double precision as mean_arrival_delay
from flights
group by origin, dest;
comment on view route_traffic is 'Every route with its number of flights; the mean delay is in minutes, over those that landed.';
