-- 7,602 flights of the year go to Puerto Rico and the Virgin Islands, which the source's list of airports omits.
-- They are real airports: adding them keeps the flights and the foreign key.
insert into airports (code, name, latitude, longitude, altitude_ft, time_zone) values
    ('BQN', 'Rafael Hernandez', 18.4949, -67.1294, 237, 'America/Puerto_Rico'),
    ('PSE', 'Mercedita', 18.0083, -66.5630, 29, 'America/Puerto_Rico'),
    ('SJU', 'Luis Munoz Marin Intl', 18.4394, -66.0018, 9, 'America/Puerto_Rico'),
    ('STT', 'Cyril E King', 18.3373, -64.9734, 23, 'America/St_Thomas');
