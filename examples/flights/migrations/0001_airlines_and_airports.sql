-- A domain keeps the rule in one place: five columns of three tables hold such a code.
create domain airport_code as text
    constraint airport_code_form check (value ~ '^[A-Z0-9]{3}$');
comment on domain airport_code is 'A location identifier of the FAA, for scheduled flights the same as the IATA code.';

create table airlines (
    carrier text primary key constraint airlines_carrier_form check (carrier ~ '^[A-Z0-9]{2}$'),
    name    text not null constraint airlines_name_key unique
);
comment on column airlines.carrier is 'The two-character IATA code of the airline.';

create table airports (
    code        airport_code primary key,
    name        text not null,
    latitude    double precision not null constraint airports_latitude_range check (latitude between -90 and 90),
    longitude   double precision not null constraint airports_longitude_range check (longitude between -180 and 180),
    altitude_ft integer not null,
    -- The source lacks it for three small airports that no flight from New York goes to.
    time_zone   text
);
comment on column airports.time_zone is 'IANA name. The source''s UTC offset and daylight saving rule follow from it and are not kept.';
