-- The source describes some planes only: 319 of this week's 2,048 tail numbers are not in it. A plane that only
-- its flights tell of is a row with nothing but a tail number, so that the reference can be enforced.
create table planes (
    tailnum      text primary key constraint planes_tailnum_form check (tailnum ~ '^[A-Z0-9]{5,6}$'),
    built        integer constraint planes_built_after_wright check (built > 1903),
    kind         text,
    manufacturer text,
    model        text,
    engines      integer constraint planes_engines_positive check (engines > 0),
    seats        integer constraint planes_seats_positive check (seats > 0),
    engine       text,
    retired_on   date,
    -- The year alone may be missing, as it is for 33 of this week's planes.
    constraint planes_described_wholly_or_not_at_all
        check (num_nulls(kind, manufacturer, model, engines, seats, engine) in (0, 6))
);
comment on column planes.retired_on is 'The first day on which the plane is out of service.';
