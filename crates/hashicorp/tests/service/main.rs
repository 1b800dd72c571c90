//! The back-end on a real server: what it asks for, how it logs in, what it does when the wire breaks or an operator
//! interferes.

#[path = "../common/mod.rs"]
mod common;

/// The name says which server they need.
mod openbao {
    mod calls;
    mod certificates;
    mod faults;
    mod history;
    mod kubernetes;
    mod logins;
    mod operators;
    mod people;
    mod restored;
    mod startup;
}
