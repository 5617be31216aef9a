//! `pg_notify` in a session's database: in a sandbox, it tells the sandbox instead of the server.
//!
//! What NOTIFY says is heard behind a COMMIT, and a test's transaction has none. The statement is seen by the sandbox, but a
//! function that a trigger calls is not. So the session's database, which is a clone for tests alone, has another `pg_notify`:
//! in a sandbox it raises INFO, which no setting keeps back; anywhere else it is as before.

use aiodal_core::quote_literal;

use super::admin::Admin;
use crate::backend;
use crate::set_up::SetUpError;

/// The SQLSTATE of what is said to the sandbox: the message is the channel, the detail the payload.
pub(crate) const SAID: &str = "ADN01";

/// The setting that says whether there is a sandbox.
pub(crate) const SANDBOX: &str = "aiodal.sandbox";

/// What the server refuses, it is left to refuse.
const BODY: &str = "begin
    if current_setting('aiodal.sandbox', true) = 'on' and octet_length($1) between 1 and 63
        and octet_length(coalesce($2, '')) < 8000 then
        raise info using errcode = 'ADN01', message = $1, detail = coalesce($2, '');
    else
        perform pg_catalog.aiodal_pg_notify($1, $2);
    end if;
end";

impl Admin {
    /// Has `pg_notify` of a new session database tell sandboxes; where the role is no superuser, it stays as it is.
    ///
    /// # Errors
    ///
    /// The database can't be reached.
    pub(super) async fn teach_to_notify(&self, name: &str) -> Result<(), SetUpError> {
        let url = self.url.with_database(name);
        let mut backend = backend::connect(&url)
            .await
            .map_err(|error| SetUpError::connect(&url, error.as_ref()))?;
        let _running = backend
            .start()
            .map_err(|error| SetUpError::connect(&url, &error))?;
        backend
            .client
            .batch_execute(&teach())
            .await
            .map_err(|error| SetUpError::statement("replace pg_notify", &url, &error))
    }
}

fn teach() -> String {
    // The server goes by the number of a function of its own, whatever its row says: replaced, it would stay what it is.
    let keep = "alter function pg_catalog.pg_notify(text, text) rename to aiodal_pg_notify";
    let replace = format!(
        "create function pg_catalog.pg_notify(text, text) returns void \
         language plpgsql volatile parallel restricted as {}",
        quote_literal(BODY)
    );
    let body = format!(
        "begin
            if (select rolsuper from pg_catalog.pg_roles where rolname = current_user)
                and exists (select from pg_catalog.pg_language where lanname = 'plpgsql') then
                execute {};
                execute {};
            end if;
        end",
        quote_literal(keep),
        quote_literal(&replace)
    );
    format!("do {}", quote_literal(&body))
}
