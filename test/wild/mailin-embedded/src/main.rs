//! A server of mailin-embedded as its README starts it, with STARTTLS. It takes all mail; each message is one line.

use mailin_embedded::{err::Error, response, Handler, Response, Server, SslConfig};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

#[derive(Clone)]
struct Taken {
    file: Arc<Mutex<File>>,
    octets: usize,
    recipients: usize,
}

impl Handler for Taken {
    fn data_start(&mut self, _: &str, _: &str, _: bool, to: &[String]) -> Response {
        self.octets = 0;
        self.recipients = to.len();
        response::OK
    }

    fn data(&mut self, piece: &[u8]) -> io::Result<()> {
        self.octets += piece.len();
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let line = format!("{} {}\n", self.octets, self.recipients);
        match self.file.lock().unwrap().write_all(line.as_bytes()) {
            Ok(()) => response::OK,
            Err(_) => response::INTERNAL_ERROR,
        }
    }
}

fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1).expect("mailin-embedded ADDRESS");
    let file = OpenOptions::new().append(true).create(true).open("/var/lib/taken")?;
    let mut server = Server::new(Taken {
        file: Arc::new(Mutex::new(file)),
        octets: 0,
        recipients: 0,
    });
    server
        .with_name("mx.mailstorm.test")
        .with_ssl(SslConfig::SelfSigned {
            cert_path: "/etc/mailstorm/cert.pem".into(),
            key_path: "/etc/mailstorm/key.pem".into(),
        })?
        .with_addr(address)?;
    server.serve()
}
