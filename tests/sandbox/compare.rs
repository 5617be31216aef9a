//! Two endpoints, asked the same: what one answers and the other doesn't.

use std::fmt::{self, Write};

use crate::endpoint::Endpoint;
use crate::explained::{Then, explanation};
use crate::ground::Ground;
use crate::message::Message;
use crate::reply::Reply;
use crate::run::{Answer, run};
use crate::script::Script;

/// Two endpoints and their tables.
pub(crate) struct Pair {
    pub(crate) endpoints: [Endpoint; 2],
    pub(crate) grounds: [Ground; 2],
    /// How often each explanation was needed.
    pub(crate) explained: usize,
    /// One of them doesn't even give its tables back: nothing more can be learnt of it.
    pub(crate) is_broken: bool,
    /// How many answers were compared.
    pub(crate) answers: usize,
}

/// Where two endpoints part.
#[derive(Debug)]
pub(crate) struct Difference {
    before: Vec<Answer>,
    sides: [Option<Answer>; 2],
}

impl Pair {
    pub(crate) async fn new(endpoints: [Endpoint; 2]) -> Pair {
        let grounds = [
            Ground::make(&endpoints[0]).await,
            Ground::make(&endpoints[1]).await,
        ];
        Pair {
            endpoints,
            grounds,
            explained: 0,
            is_broken: false,
            answers: 0,
        }
    }

    /// Runs a script at both, and returns the first difference that nothing explains.
    pub(crate) async fn try_out(&mut self, script: &Script) -> Option<Difference> {
        let mut runs = Vec::new();
        for (endpoint, ground) in self.endpoints.iter().zip(&mut self.grounds) {
            if !ground.renew().await {
                self.is_broken = true;
                return Some(Difference {
                    before: Vec::new(),
                    sides: [None, None],
                });
            }
            let mut answers = run(script, endpoint).await;
            answers.push(left(ground.left().await, script.0.len() + 2));
            runs.push(answers);
        }
        let [one, other] = [&runs[0], &runs[1]];
        self.answers += one.len();
        self.compare(one, other)
    }

    fn compare(&mut self, one: &[Answer], other: &[Answer]) -> Option<Difference> {
        for index in 0..one.len().max(other.len()) {
            let sides = [one.get(index), other.get(index)];
            if let [Some(one), Some(other)] = sides {
                if one == other && !is_silent(one) {
                    continue;
                }
                match explanation(one, other) {
                    Some(Then::GoOn) => {
                        self.explained += 1;
                        continue;
                    }
                    Some(Then::Stop) => {
                        self.explained += 1;
                        return None;
                    }
                    None => {}
                }
            }
            return Some(Difference {
                before: one[index.saturating_sub(3).min(one.len())..index.min(one.len())].to_vec(),
                sides: sides.map(Option::<&Answer>::cloned),
            });
        }
        None
    }
}

/// What is in the tables, as the last answer.
fn left(replies: Vec<Reply>, line: usize) -> Answer {
    let asked = vec![Message::Query("(what is left)".to_owned())];
    Answer {
        line,
        client: 0,
        asked,
        named: Vec::new(),
        replies,
    }
}

/// That both are silent is no agreement.
fn is_silent(answer: &Answer) -> bool {
    let mut replies = answer.replies.iter();
    replies.any(|reply| reply.tag == Reply::SILENCE)
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for answer in &self.before {
            write!(f, "{answer}")?;
        }
        for (name, side) in ["one", "the other"].iter().zip(&self.sides) {
            let text = match side {
                Some(answer) => answer.to_string(),
                None => "nothing more\n".to_owned(),
            };
            f.write_str(&format!("--- {name}: "))?;
            f.write_str(&text)?;
        }
        f.write_char('\n')
    }
}
