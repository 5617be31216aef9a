//! Where a script runs: a place that speaks the protocol, and what a client has to say on arrival.

use std::io;

use aiodal::Sandbox;
use bytes::BytesMut;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::frontend;
use tokio_postgres::Config;

use crate::fields::Fields;
use crate::ground::schema;
use crate::raw::{Frame, Raw, Stream, open};
use crate::reply::Reply;

/// A database, or what stands in front of one.
pub(crate) struct Endpoint {
    place: Place,
    user: String,
    password: Vec<u8>,
    database: String,
    /// Where tables are looked up: the endpoint's own.
    pub(crate) schema: String,
    /// What every client says on arrival; a script's own parameters come on top.
    parameters: Vec<(String, String)>,
}

enum Place {
    Database(Box<Config>),
    Sandbox(Sandbox),
}

impl Endpoint {
    /// The database that the URL names.
    pub(crate) fn database(config: &Config) -> Endpoint {
        Endpoint::new(Place::Database(Box::new(config.clone())), config)
    }

    /// A sandbox in front of the database that `config` names.
    pub(crate) fn sandbox(sandbox: &Sandbox, config: &Config) -> Endpoint {
        Endpoint::new(Place::Sandbox(sandbox.clone()), config)
    }

    fn new(place: Place, config: &Config) -> Endpoint {
        let user = config.get_user().expect("the URL names a user").to_owned();
        let schema = schema();
        Endpoint {
            place,
            password: config.get_password().unwrap_or_default().to_vec(),
            database: config.get_dbname().unwrap_or(&user).to_owned(),
            parameters: vec![("search_path".to_owned(), schema.clone())],
            user,
            schema,
        }
    }

    /// Adds a parameter of all connections.
    pub(crate) fn parameter(mut self, name: &str, value: &str) -> Endpoint {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Connects, and returns what was answered with the connection.
    pub(crate) async fn connect(&self, own: &[(String, String)]) -> io::Result<(Raw, Vec<Reply>)> {
        let mut raw = Raw::new(self.open().await?);
        self.introduce(own, &mut raw.outgoing)?;
        raw.send().await?;
        let replies = self.welcome(&mut raw).await?;
        Ok((raw, replies))
    }

    /// A connection on which nothing has been said yet.
    pub(crate) async fn open(&self) -> io::Result<Box<dyn Stream>> {
        match &self.place {
            Place::Database(config) => open(config).await,
            Place::Sandbox(sandbox) => Ok(Box::new(sandbox.connect())),
        }
    }

    /// Writes what a client says first.
    pub(crate) fn introduce(&self, own: &[(String, String)], out: &mut BytesMut) -> io::Result<()> {
        let others = self.parameters.iter().filter(|(name, _)| {
            let mut own = own.iter();
            own.all(|(other, _)| other != name)
        });
        let parameters = others.chain(own);
        let parameters = parameters.map(|(name, value)| (name.as_str(), value.as_str()));
        let who = [
            ("user", self.user.as_str()),
            ("database", self.database.as_str()),
        ];
        frontend::startup_message(who.into_iter().chain(parameters), out)
    }

    async fn welcome(&self, raw: &mut Raw) -> io::Result<Vec<Reply>> {
        let mut replies = Vec::new();
        let mut scram = None;
        loop {
            let Some(frame) = raw.frame().await? else {
                replies.push(Reply::bare(Reply::CLOSED));
                return Ok(replies);
            };
            if frame.tag == b'R' {
                self.prove(raw, frame, &mut scram).await?;
                continue;
            }
            let reply = Reply::of(frame);
            let is_ready = reply.tag == Reply::READY;
            replies.push(reply);
            if is_ready {
                return Ok(replies);
            }
        }
    }

    async fn prove(
        &self,
        raw: &mut Raw,
        frame: Frame,
        scram: &mut Option<ScramSha256>,
    ) -> io::Result<()> {
        let mut body = Fields(frame.body);
        match (body.int(), scram) {
            (0, _) => return Ok(()),
            (3, _) => frontend::password_message(&self.password, &mut raw.outgoing)?,
            (5, _) => {
                let salt = body.int().to_be_bytes();
                let hash = md5_hash(self.user.as_bytes(), &self.password, salt);
                frontend::password_message(hash.as_bytes(), &mut raw.outgoing)?;
            }
            (10, scram) => {
                let new = ScramSha256::new(&self.password, ChannelBinding::unsupported());
                let new = scram.insert(new);
                frontend::sasl_initial_response(SCRAM_SHA_256, new.message(), &mut raw.outgoing)?;
            }
            (11, Some(scram)) => {
                scram.update(&body.0)?;
                frontend::sasl_response(scram.message(), &mut raw.outgoing)?;
            }
            (12, Some(scram)) => return scram.finish(&body.0),
            (other, _) => {
                let problem = format!("no answer is known to authentication {other}");
                return Err(io::Error::other(problem));
            }
        }
        raw.send().await
    }
}
