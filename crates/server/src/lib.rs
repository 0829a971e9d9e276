//! HTTP routes, sessions, real-time sockets, schedulers, embedded web app.
