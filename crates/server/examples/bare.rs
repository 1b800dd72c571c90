//! The limit of the benchmark of the server: the same framework and sockets, and the same bytes for every request.
//!
//! `bare FILE` answers every request with the content of FILE as JSON, on a free port that it prints.
#![expect(clippy::print_stdout, reason = "whoever starts it reads the port")]

use axum::{Router, body::Bytes, http::header, response::IntoResponse as _};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let Some(file) = std::env::args_os().nth(1) else {
        return Err(std::io::Error::other("name the file with the answer"));
    };
    let body = Bytes::from(std::fs::read(file)?);
    let answer = move || {
        let body = body.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], body).into_response() }
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?.port());
    axum::serve(listener, Router::new().fallback(answer)).await
}
