delete from log where name = 'V2';
