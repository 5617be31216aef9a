create type flight_status as enum ('scheduled', 'departed', 'landed', 'diverted', 'cancelled');

create table flights (
    day             date not null,
    carrier         text not null references airlines,
    number          integer not null constraint flights_number_positive check (number > 0),
    -- The local time of the derived column below is New York's for these three and for nobody else.
    origin          airport_code not null references airports
                        constraint flights_leave_new_york check (origin in ('EWR', 'JFK', 'LGA')),
    dest            airport_code not null references airports,
    -- Deferred, because a plane and its flights change their tail number in two statements.
    tailnum         text references planes deferrable initially deferred,
    departs         time not null,
    arrives         time not null,
    departs_at      timestamptz not null
                        generated always as ((day + departs) at time zone 'America/New_York') stored,
    status          flight_status not null default 'scheduled',
    departure_delay integer,
    arrival_delay   integer,
    air_minutes     integer constraint flights_air_minutes_positive check (air_minutes > 0),
    distance_miles  integer not null constraint flights_distance_positive check (distance_miles > 0),

    -- A carrier uses a number more than once a day: on 24 occasions in the year, from two of the airports.
    primary key (day, carrier, number, origin),
    constraint flights_go_somewhere check (origin <> dest),
    constraint flights_departed_or_not
        check ((departure_delay is null) = (status in ('scheduled', 'cancelled'))),
    -- All 2,512 flights of the year without a tail number were cancelled: whatever left the ground has one.
    constraint flights_departed_with_a_plane
        check (departure_delay is null or tailnum is not null),
    constraint flights_landed_or_not
        check ((arrival_delay is null) = (status <> 'landed') and (air_minutes is null) = (status <> 'landed'))
);
create index flights_tailnum_idx on flights (tailnum);

comment on table flights is 'Flights from New York. Actual times are not kept: they are the scheduled ones plus the delay.';
comment on column flights.departs is 'Scheduled, in the local time of the origin.';
comment on column flights.arrives is 'Scheduled, in the local time of the destination; on the next day if before departs.';
comment on column flights.departs_at is 'The instant of the scheduled departure.';
comment on column flights.departure_delay is 'Minutes; negative if early.';
comment on column flights.arrival_delay is 'Minutes; negative if early.';
