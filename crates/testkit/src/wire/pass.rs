//! One connection.

use super::{
    Fault,
    message::Message,
    plan::{Plan, Request},
};
use std::{io, sync::Arc, time::Duration};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, sync::watch, time};

/// Whether connections are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    Open,
    Closed,
}

/// What is left to do with a connection after a request.
enum Then {
    GoOn,
    End,
    /// So that the client sees an error and not an end.
    Reset,
}

/// Passes on what comes over a connection, until it ends or the gate closes.
pub(super) async fn serve(
    mut client: TcpStream,
    upstream: Arc<str>,
    plan: Arc<Plan>,
    gate: watch::Sender<Gate>,
) {
    let mut watching = gate.subscribe();
    // What was accepted just before the gate closed.
    let mut cut = *watching.borrow_and_update() == Gate::Closed;
    let mut rest = Vec::new();
    while !cut {
        let message = tokio::select! {
            // A gate that is closed lets nothing through, even what arrived at the same moment.
            biased;
            _ = watching.wait_for(|gate| *gate == Gate::Closed) => { cut = true; continue }
            message = Message::request(&mut client, &mut rest) => message,
        };
        let Ok(Some(message)) = message else { return };
        let fault = plan.arrived(named(&message));
        match pass(&mut client, message, &upstream, fault, &gate).await {
            Ok(Then::GoOn) => {}
            Ok(Then::Reset) => cut = true,
            Ok(Then::End) | Err(_) => return,
        }
    }
    // Without waiting for what was sent, which is a reset. The connection is lost either way.
    let _ = client.set_zero_linger();
}

async fn pass(
    client: &mut TcpStream,
    message: Message,
    upstream: &str,
    fault: Option<Fault>,
    gate: &watch::Sender<Gate>,
) -> io::Result<Then> {
    match fault {
        None => reply(client, forward(message, upstream).await?).await,
        Some(Fault::Slow(time)) => {
            let answer = forward(message, upstream).await?;
            time::sleep(time).await;
            reply(client, answer).await
        }
        Some(Fault::Late(time)) => {
            time::sleep(time).await;
            reply(client, forward(message, upstream).await?).await
        }
        Some(Fault::HalfBody) => {
            client.write_all(&forward(message, upstream).await?.half()).await?;
            Ok(Then::End)
        }
        Some(Fault::LoseAnswer) => {
            forward(message, upstream).await?;
            Ok(Then::Reset)
        }
        Some(Fault::Reset) => Ok(Then::Reset),
        Some(Fault::Refuse(time)) => {
            gate.send_replace(Gate::Closed);
            tokio::spawn(open_after(time, gate.clone()));
            Ok(Then::Reset)
        }
        Some(Fault::Answer(answer)) => {
            client.write_all(&answer.bytes()).await?;
            Ok(Then::GoOn)
        }
    }
}

async fn open_after(time: Duration, gate: watch::Sender<Gate>) {
    time::sleep(time).await;
    gate.send_replace(Gate::Open);
}

/// Sends a request to the server, on a connection of its own.
async fn forward(message: Message, upstream: &str) -> io::Result<Message> {
    let mut server = TcpStream::connect(upstream).await?;
    server.set_nodelay(true)?;
    server.write_all(&message.connection(Some("close")).bytes()).await?;
    Message::answer(&mut server).await
}

async fn reply(client: &mut TcpStream, answer: Message) -> io::Result<Then> {
    let goes_on = answer.ends_by_itself();
    client.set_nodelay(true)?;
    client.write_all(&answer.connection(if goes_on { None } else { Some("close") }).bytes()).await?;
    Ok(if goes_on { Then::GoOn } else { Then::End })
}

/// What a request is counted as.
fn named(message: &Message) -> Request {
    let mut words = message.first_line();
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default();
    let path = match message.header("x-amz-target").and_then(|target| target.rsplit('.').next()) {
        Some(call) => format!("/{call}"),
        None => target.split('?').next().unwrap_or_default().to_owned(),
    };
    Request { method, path, body: message.text() }
}
