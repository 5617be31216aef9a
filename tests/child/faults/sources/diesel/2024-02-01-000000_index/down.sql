drop index log_name;
