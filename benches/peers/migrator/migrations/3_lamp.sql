insert into item values ('lamp');
