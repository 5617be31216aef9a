//! What a client's session has, as SQL names it: prepared statements, and all that DISCARD forgets.

use super::super::client::{Prepared, Renamed, Run, Temporary};
use super::super::lex::{Name, Piece, Verb};
use super::super::turn::ClientId;
use super::answer::Answered;
use super::control::{Place, is_within};
use super::position::Positions;
use super::set::IN_SANDBOX;
use super::simple::in_place;
use super::{Engine, Lost, Settings};

impl Engine {
    /// PREPARE, EXECUTE and DEALLOCATE by names that are the client's own.
    pub(super) async fn prepared(
        &mut self,
        id: ClientId,
        verb: &Verb<'_>,
        name: &Name<'_>,
        sql: &str,
        piece: &Piece<'_>,
    ) -> Result<bool, Lost> {
        let Some(client) = self.clients.get(&id) else {
            return Ok(false);
        };
        let known = client.statements.get(name.text.as_ref()).cloned();
        let server_name = client.server_name(&name.text);
        let prepares = matches!(verb, Verb::Prepare(_));
        let deallocates = matches!(verb, Verb::Deallocate(_));
        if let Some(known) = known {
            // By a portal the server does it, which then says that the portal has been run.
            if deallocates && !known.is_there && self.active.is_none() {
                self.forget_statement(id, &name.text);
                return Ok(self.complete("DEALLOCATE"));
            }
            let executes = matches!(verb, Verb::Execute(_)) && !is_within(piece, name, sql);
            if executes && known.run != Run::Plain {
                return self.run_control(id, &known.sql, Place::Executed).await;
            }
            if !self.enter(id).await? {
                return Ok(false);
            }
            self.ensure(id, &name.text);
            if matches!(verb, Verb::Execute(_)) {
                self.heed_text(id, &known.sql);
                self.heed_verb(id, piece, sql);
            }
        }
        let text = format!(
            "{}\"{server_name}\"{}",
            &sql[piece.start..name.start],
            &sql[name.end..piece.end]
        );
        let renamed = Renamed::new(sql, piece, name, &server_name);
        self.positions = self.positions_in(id, Some(&renamed));
        let went_well = self.run_sql(id, &in_place(sql, piece.start, &text)).await?;
        self.positions = Positions::default();
        self.note_calls(id, went_well);
        if went_well
            && prepares
            && let Some(client) = self.clients.get_mut(&id)
        {
            let mut statement = Prepared::server(server_name, &sql[piece.start..piece.end]);
            statement.renamed = Some(renamed);
            client
                .statements
                .insert(name.text.clone().into_owned(), statement);
        } else if went_well && deallocates {
            self.forget_statement(id, &name.text);
        }
        Ok(went_well)
    }

    pub(super) async fn discard_all(&mut self, id: ClientId) -> Result<bool, Lost> {
        self.forget_statements(id);
        if !self.enter(id).await? {
            return Ok(false);
        }
        self.close_all(id);
        let first = [
            "set session authorization default",
            "reset all",
            "discard plans",
        ];
        let mut sql: Vec<_> = first.map(str::to_owned).into();
        sql.append(&mut self.no_temporary(id));
        sql.extend(["discard sequences", IN_SANDBOX].map(str::to_owned));
        let startup = self.clients.get(&id).map(|client| client.startup.clone());
        let startup = startup.unwrap_or_default();
        sql.append(&mut Settings::default().change_to(&startup));
        if self.our_quiet_query(id, &sql).await? == Answered::Failed {
            return Ok(false);
        }
        if let Some(client) = self.clients.get_mut(&id) {
            client.listens.clear();
            client.portals.clear();
            client.settings = client.startup.clone();
            client.temporary.clear();
            self.applied = startup;
        }
        // Whatever comes behind it, it is done.
        if !self.finish_block(id).await? {
            return Ok(false);
        }
        Ok(self.complete("DISCARD ALL"))
    }

    pub(super) async fn discard_temp(&mut self, id: ClientId) -> Result<bool, Lost> {
        if !self.enter(id).await? {
            return Ok(false);
        }
        let sql = self.no_temporary(id);
        if self.our_quiet_query(id, &sql).await? == Answered::Failed {
            return Ok(false);
        }
        if let Some(client) = self.clients.get_mut(&id) {
            let all = client.temporary.iter().chain(&client.block.temporary);
            let all: Vec<_> = all.map(|table| table.name.clone()).collect();
            for name in all {
                client.drop_temporary(&name);
            }
        }
        Ok(self.complete("DISCARD TEMP"))
    }

    /// Returns what drops a client's temporary tables, but not those of others.
    pub(super) fn no_temporary(&self, id: ClientId) -> Vec<String> {
        let mut others = self.clients.values().filter(|client| client.id != id);
        if others.all(|client| client.temporary.is_empty()) {
            return vec!["discard temp".to_owned()];
        }
        let client = self.clients.get(&id).into_iter();
        let tables =
            client.flat_map(|client| client.temporary.iter().chain(&client.block.temporary));
        tables.map(Temporary::gone).collect()
    }
}
