//! The state machine against a model: a server with one transaction and one savepoint, and clients that know what they did.

use std::collections::BTreeMap;

use super::*;

/// What the server has: numbers that stand for rows, in the order of their writing.
#[derive(Clone, Debug, Default)]
struct Server {
    rows: Vec<u32>,
    /// The rows at the savepoint, if it is there.
    savepoint: Option<Vec<u32>>,
}

impl Server {
    fn settle(&mut self, settle: Settle) {
        match settle {
            Settle::Nothing => {}
            Settle::Begin => {
                assert_eq!(
                    self.savepoint, None,
                    "a savepoint within the guard would never be released"
                );
                self.savepoint = Some(self.rows.clone());
            }
            Settle::Keep => {
                assert!(self.savepoint.is_some(), "there is nothing to release");
                self.savepoint = Some(self.rows.clone());
            }
            Settle::Undo => {
                self.rows = self
                    .savepoint
                    .clone()
                    .expect("there is something to roll back to");
            }
        }
    }
}

/// What a client has written, and expects to be there.
#[derive(Clone, Debug, Default)]
struct Model {
    committed: Vec<u32>,
    open: BTreeMap<ClientId, Vec<u32>>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A unit of one statement: it goes well or fails.
    Statement {
        fails: bool,
    },
    Begin,
    Commit,
    Rollback,
    Leave,
}

const STEPS: [Step; 6] = [
    Step::Statement { fails: false },
    Step::Statement { fails: true },
    Step::Begin,
    Step::Commit,
    Step::Rollback,
    Step::Leave,
];

struct World {
    turn: Turn,
    server: Server,
    model: Model,
    next: u32,
}

impl World {
    fn new(clients: u32) -> World {
        let mut turn = Turn::new();
        let mut model = Model::default();
        for client in 1..=clients {
            turn.join(ClientId(client));
            model.open.insert(ClientId(client), Vec::new());
        }
        World {
            turn,
            server: Server::default(),
            model,
            next: 0,
        }
    }

    /// Takes a step if the client may; checks that the server has what the clients expect.
    fn step(&mut self, client: ClientId, step: Step) {
        let status = self.turn.status(client);
        match step {
            Step::Statement { fails } => {
                if !self.turn.may_run(client) {
                    return;
                }
                if status != Status::Failed {
                    self.statement(client, fails);
                }
            }
            Step::Begin if status == Status::Idle => self.turn.begin(client),
            Step::Begin => {}
            Step::Commit => {
                let open = self
                    .model
                    .open
                    .insert(client, Vec::new())
                    .unwrap_or_default();
                if status == Status::Failed {
                    self.turn.end(client, false);
                } else {
                    self.model.committed.extend(open);
                    self.turn.end(client, true);
                }
            }
            Step::Rollback => {
                self.model.open.insert(client, Vec::new());
                self.turn.end(client, false);
            }
            Step::Leave => {
                self.turn.leave(client);
                self.turn.join(client);
                self.model.open.insert(client, Vec::new());
            }
        }
        self.turn.end_unit(client, false);
        self.check(client, step);
    }

    fn statement(&mut self, client: ClientId, fails: bool) {
        let in_block = self.turn.status(client).in_block();
        let settle = self.turn.enter(client);
        self.server.settle(settle);
        self.next += 1;
        self.server.rows.push(self.next);
        self.turn.answered(client, fails);
        self.turn.end_unit(client, fails);
        match (in_block, fails) {
            (true, false) => self.model.open.entry(client).or_default().push(self.next),
            // The whole block is lost, when it ends.
            (true, true) => self.model.open.insert(client, Vec::new()).map_or((), drop),
            (false, false) => self.model.committed.push(self.next),
            (false, true) => {}
        }
    }

    /// What would be there if everybody settled now.
    fn check(&self, client: ClientId, step: Step) {
        let mut server = self.server.clone();
        match self.turn.guard {
            Guard::Undo => server.settle(Settle::Undo),
            Guard::Open(holder) if self.turn.status(holder) == Status::Failed => {
                server.settle(Settle::Undo);
            }
            _ => {}
        }
        let mut expected = self.model.committed.clone();
        if let Some(holder) = self.turn.holder() {
            expected.extend(&self.model.open[&holder]);
        }
        assert_eq!(
            server.rows, expected,
            "after {step:?} of {client:?}: {:?}",
            self.turn
        );
    }
}

#[test]
fn every_sequence_of_two_clients_leaves_what_they_have_committed() {
    const LONGEST: u32 = 5;
    let choices = u32::try_from(STEPS.len()).unwrap() * 2;
    for mut sequence in 0..choices.pow(LONGEST) {
        let mut world = World::new(2);
        for _ in 0..LONGEST {
            let choice = (sequence % choices) as usize;
            sequence /= choices;
            let client = ClientId(1 + u32::from(choice >= STEPS.len()));
            world.step(client, STEPS[choice % STEPS.len()]);
        }
    }
}

#[test]
fn six_clients_at_random_leave_what_they_have_committed() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |most: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % most as u64).unwrap()
    };
    for _ in 0..2_000 {
        let mut world = World::new(6);
        for _ in 0..200 {
            let client = ClientId(1 + u32::try_from(below(6)).unwrap());
            world.step(client, STEPS[below(STEPS.len())]);
        }
    }
}

#[test]
fn one_who_only_begins_neither_takes_the_turn_nor_touches_the_work_of_another() {
    let mut world = World::new(2);
    let (one, other) = (ClientId(1), ClientId(2));
    world.step(one, Step::Begin);
    world.step(one, Step::Statement { fails: false });
    world.step(other, Step::Begin);
    world.step(other, Step::Commit);
    assert_eq!(world.turn.holder(), Some(one));
    assert!(!world.turn.may_run(other));
    world.step(one, Step::Rollback);
    assert!(world.turn.may_run(other));
    assert!(world.model.committed.is_empty());
}

#[test]
fn unit_that_goes_on_keeps_the_others_waiting() {
    let mut turn = Turn::new();
    let (one, other) = (ClientId(1), ClientId(2));
    turn.join(one);
    turn.join(other);
    turn.enter(one);
    turn.stay(one);
    assert!(!turn.may_run(other));
    turn.end_unit(one, false);
    assert!(turn.may_run(other));
    assert_eq!(turn.enter(other), Settle::Keep);
}

#[test]
fn what_a_query_has_done_before_its_begin_belongs_to_the_transaction() {
    let mut turn = Turn::new();
    let one = ClientId(1);
    turn.join(one);
    turn.enter(one);
    turn.begin(one);
    assert_eq!(turn.status(one), Status::Open);
    turn.end_unit(one, false);
    assert_eq!(turn.holder(), Some(one));
    turn.end(one, false);
    assert!(turn.is_undone());
}
