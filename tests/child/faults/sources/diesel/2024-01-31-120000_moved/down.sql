delete from log where name = 'moved';
