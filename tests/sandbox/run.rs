//! A script run at an endpoint: every message sent, every answer written down.
//!
//! A client that has an open transaction, and has done something in it, may hold what the next one needs: it is ended before
//! that one's turn, so that nobody ever waits, and so that any part of a script is a script.

use std::collections::BTreeMap;
use std::fmt;

use crate::client::Client;
use crate::endpoint::Endpoint;
use crate::message::Message;
use crate::reply::Reply;
use crate::script::Script;
use crate::texts::Texts;

/// What a client has got for a line of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The line that it was read after.
    pub(crate) line: usize,
    pub(crate) client: usize,
    /// What was asked; not the line's own message where somebody had to be ended first.
    pub(crate) asked: Vec<Message>,
    /// The texts of what was asked for by name.
    pub(crate) named: Vec<String>,
    pub(crate) replies: Vec<Reply>,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        for message in &self.asked {
            writeln!(f, ", {} {message}", self.client)?;
        }
        for reply in &self.replies {
            writeln!(f, "    {reply}")?;
        }
        Ok(())
    }
}

/// A run: who is there, and what was answered so far.
struct Run<'a> {
    endpoint: &'a Endpoint,
    clients: BTreeMap<usize, Client>,
    answers: Vec<Answer>,
    line: usize,
    /// What clients have sent since they were answered.
    asked: BTreeMap<usize, Vec<Message>>,
    /// What the names of each client stand for, and what of that it has asked for since.
    texts: BTreeMap<usize, Texts>,
    named: BTreeMap<usize, Vec<String>>,
}

/// Runs a script, and returns all that was answered.
pub(crate) async fn run(script: &Script, endpoint: &Endpoint) -> Vec<Answer> {
    let mut run = Run {
        endpoint,
        clients: BTreeMap::new(),
        answers: Vec::new(),
        line: 0,
        asked: BTreeMap::new(),
        texts: BTreeMap::new(),
        named: BTreeMap::new(),
    };
    for (number, (client, message)) in script.0.iter().enumerate() {
        run.line = number + 1;
        run.turn(*client, message).await;
    }
    run.line += 1;
    run.end().await;
    run.name_senders();
    run.answers
}

impl Run<'_> {
    async fn turn(&mut self, client: usize, message: &Message) {
        if !self.clients.contains_key(&client) && !matches!(message, Message::Connect(_)) {
            self.connect(client, &Message::Connect(Vec::new())).await;
        }
        if let Message::Connect(_) = message {
            self.step(client, &Message::Drop).await;
            self.connect(client, message).await;
            return;
        }
        let needs_nobody = self.clients[&client].needs_nobody(message);
        let holder = self
            .clients
            .iter()
            .find(|(number, other)| **number != client && other.holds());
        if let (Some((holder, _)), false) = (holder, needs_nobody) {
            self.give_way(*holder).await;
        }
        self.step(client, message).await;
    }

    /// Ends what a client has begun, one way or the other.
    async fn give_way(&mut self, holder: usize) {
        if self.clients[&holder].is_within_unit() {
            self.step(holder, &Message::Sync { more: false }).await;
        }
        if self.clients[&holder].holds() {
            let end = if holder.is_multiple_of(2) {
                "rollback"
            } else {
                "commit"
            };
            self.step(holder, &Message::Query(end.to_owned())).await;
        }
    }

    async fn connect(&mut self, client: usize, message: &Message) {
        let Message::Connect(parameters) = message else {
            return;
        };
        self.texts.remove(&client);
        let (connected, replies) = Client::connect(self.endpoint, parameters).await;
        self.clients.insert(client, connected);
        self.asked.insert(client, vec![message.clone()]);
        self.answer(client, replies);
    }

    async fn step(&mut self, number: usize, message: &Message) {
        let Some(client) = self.clients.get_mut(&number) else {
            return;
        };
        let replies = client.step(message).await;
        let named = self.texts.entry(number).or_default().of(message);
        self.named.entry(number).or_default().extend(named);
        self.asked.entry(number).or_default().push(message.clone());
        if !replies.is_empty() {
            self.answer(number, replies);
        }
    }

    fn answer(&mut self, client: usize, replies: Vec<Reply>) {
        let asked = self.asked.remove(&client).unwrap_or_default();
        let named = self.named.remove(&client).unwrap_or_default();
        self.answers.push(Answer {
            line: self.line,
            client,
            asked,
            named,
            replies: in_one_order(replies),
        });
    }

    /// Everybody ends what is open and asks once more, which brings the last notifications; then all go.
    async fn end(&mut self) {
        let numbers: Vec<usize> = self.clients.keys().copied().collect();
        for number in &numbers {
            self.give_way(*number).await;
        }
        for number in &numbers {
            let last = Message::Query("rollback; select 1".to_owned());
            self.step(*number, &last).await;
        }
        for number in &numbers {
            self.step(*number, &Message::Terminate).await;
        }
    }

    /// A notification has the number of a process: it becomes the client's that the process had told it.
    fn name_senders(&mut self) {
        let mut names = BTreeMap::new();
        for answer in &self.answers {
            for reply in answer.replies.iter().filter(|reply| reply.tag == b'K') {
                names.insert(reply.parts[0].clone(), answer.client);
            }
        }
        let replies = self
            .answers
            .iter_mut()
            .flat_map(|answer| &mut answer.replies);
        for reply in replies {
            match reply.tag {
                b'K' => reply.parts.clear(),
                Reply::NOTIFICATION => {
                    reply.parts[0] = match names.get(&reply.parts[0]) {
                        Some(client) => format!("from {client}"),
                        None => "from nobody".to_owned(),
                    };
                }
                _ => {}
            }
        }
    }
}

/// In which order a server tells of several settings that have changed at once is an accident: PostgreSQL 15 goes by their names in
/// any case, later ones by the order of their last changes, backwards.
fn in_one_order(mut replies: Vec<Reply>) -> Vec<Reply> {
    let is_parameter = |reply: &Reply| reply.tag == Reply::PARAMETER;
    for settings in replies.chunk_by_mut(|one, next| is_parameter(one) && is_parameter(next)) {
        settings.sort_by(|one, other| one.parts.cmp(&other.parts));
    }
    replies
}
