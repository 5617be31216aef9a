//! Functions of a session's database that, in a sandbox, tell the sandbox instead of the server.
//!
//! A statement is seen by the sandbox, but a function that a trigger calls is not. So the session's database, which is a clone
//! for tests alone, has others in the place of some of the server's: in a sandbox they raise INFO, which no setting keeps back;
//! anywhere else they are as before. What the server refuses, it is left to refuse.
//!
//! - What NOTIFY says is heard behind a COMMIT, and a test's transaction has none.
//! - A process is that of all clients, or that of another test, whose database is the same.

use aiodal_core::quote_literal;

use super::admin::Admin;
use crate::backend;
use crate::sandbox::FIRST_PROCESS;
use crate::set_up::SetUpError;

/// The setting that says whether there is a sandbox.
pub(crate) const SANDBOX: &str = "aiodal.sandbox";

/// The SQLSTATE of a notification: the message is the channel, the detail the payload.
pub(crate) const NOTIFIES: &str = "ADN01";

/// That of what ends a client: the message is its process.
pub(crate) const TERMINATES: &str = "ADN02";

/// That of what ends a client's statement.
pub(crate) const CANCELS: &str = "ADN03";

/// A function that takes the place of one of the server's.
struct Function {
    name: &'static str,
    /// As it is called, and as it is made.
    takes: &'static str,
    declares: &'static str,
    returns: &'static str,
    body: String,
}

fn functions() -> [Function; 3] {
    let foreign = format!(
        "if exists (select from pg_catalog.pg_stat_get_activity($1)) then
            raise exception using errcode = '0A000', message = format('process %s is no client of this sandbox', $1),
                hint = {};
        end if;",
        quote_literal(
            "A client of a sandbox is known by the process that it was told at its start. For the real thing: \
             #[aiodal::test(isolation = \"database\")]"
        )
    );
    [
        Function {
            name: "pg_notify",
            takes: "text, text",
            declares: "text, text",
            returns: "void",
            body: format!(
                "if octet_length($1) between 1 and 63 and octet_length(coalesce($2, '')) < 8000 then
                    raise info using errcode = '{NOTIFIES}', message = $1, detail = coalesce($2, '');
                    return;
                end if;"
            ),
        },
        Function {
            name: "pg_terminate_backend",
            takes: "integer, bigint",
            declares: "pid integer, timeout bigint default 0",
            returns: "boolean",
            body: format!(
                "if $1 >= {FIRST_PROCESS} or $1 = pg_catalog.pg_backend_pid() then
                    raise info using errcode = '{TERMINATES}', message = $1::text;
                    if $1 < {FIRST_PROCESS} then
                        raise exception using errcode = '57P01',
                            message = 'terminating connection due to administrator command';
                    end if;
                    return true;
                end if;
                {foreign}"
            ),
        },
        Function {
            name: "pg_cancel_backend",
            takes: "integer",
            declares: "pid integer",
            returns: "boolean",
            body: format!(
                "if $1 >= {FIRST_PROCESS} then
                    raise info using errcode = '{CANCELS}', message = $1::text;
                    return true;
                end if;
                if $1 <> pg_catalog.pg_backend_pid() then
                    {foreign}
                end if;"
            ),
        },
    ]
}

impl Admin {
    /// Has functions of a new session database tell sandboxes; where the role is no superuser, they stay as they are.
    ///
    /// # Errors
    ///
    /// The database can't be reached.
    pub(super) async fn teach_functions(&self, name: &str) -> Result<(), SetUpError> {
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
    let mut replacing = String::new();
    for function in functions() {
        for sql in function.statements() {
            replacing.push_str("execute ");
            replacing.push_str(&quote_literal(&sql));
            replacing.push_str(";\n");
        }
    }
    let body = format!(
        "begin
            if (select rolsuper from pg_catalog.pg_roles where rolname = current_user)
                and exists (select from pg_catalog.pg_language where lanname = 'plpgsql') then
                {replacing}
            end if;
        end"
    );
    format!("do {}", quote_literal(&body))
}

impl Function {
    /// Returns what replaces the server's.
    fn statements(&self) -> [String; 2] {
        let Function {
            name,
            takes,
            declares,
            returns,
            body,
        } = self;
        let given: Vec<_> = (1..=takes.split(',').count())
            .map(|number| format!("${number}"))
            .collect();
        let call = format!("pg_catalog.aiodal_{name}({})", given.join(", "));
        let otherwise = match *returns {
            "void" => format!("perform {call};"),
            _ => format!("return {call};"),
        };
        // What is null, is for the server's to answer.
        let strict = if *returns == "void" { "" } else { "strict" };
        let body = format!(
            "begin
                if current_setting('{SANDBOX}', true) = 'on' then {body} end if;
                {otherwise}
            end"
        );
        [
            // The server goes by the number of a function of its own, whatever its row says: replaced, it would stay what it is.
            format!("alter function pg_catalog.{name}({takes}) rename to aiodal_{name}"),
            format!(
                "create function pg_catalog.{name}({declares}) returns {returns} \
                 language plpgsql volatile {strict} parallel restricted as {}",
                quote_literal(&body)
            ),
        ]
    }
}
