-- Run once a server, as a superuser. Set the passwords before.
create role desk_app nologin;
create role servicedesk_owner login password 'change-me-owner';
create role servicedesk login password 'change-me';
grant desk_app to servicedesk_owner with admin option;
grant desk_app to servicedesk;
