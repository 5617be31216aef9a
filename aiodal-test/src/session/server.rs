//! The server of a session, given by URL or managed by us, and the database on it that tests run in.

use std::fmt::{self, Write as _};
use std::path::Path;

use aiodal_core::{BoxError, DatabaseUrl, SqlState};
use futures_util::future::join;
use tokio_postgres::Client;
use tokio_postgres::config::SslMode;

use super::managed::Managed;
use super::place::{Place, code, connect_patiently};
use super::registry::Registration;
use crate::backend::Backend;
use crate::config::Config;
use crate::janitor::{self, Orders};
use crate::set_up::SetUpError;
use crate::template::{Admin, READY, Recipe, open_session_database};

/// The oldest server version that everything here works on.
const OLDEST: i32 = 14;

/// The server that a session uses, and what it makes of it.
pub(crate) struct Server {
    /// The maintenance database. Its password is never printed.
    url: DatabaseUrl,
    /// Our own server; `None` where one was given.
    managed: Option<Managed>,
    /// The URL that was given, for the janitor's ears only.
    given: Option<String>,
    /// How to make the database of the session; `None` where a given one is used as it is.
    recipe: Option<Recipe>,
}

impl Server {
    /// Finds the server and reads what its database is to be made of.
    ///
    /// # Errors
    ///
    /// A URL that can't be read, migrations that can't be read, no PostgreSQL to start.
    pub(crate) async fn find(
        config: &Config,
        registration: Option<Registration>,
        base: &Path,
    ) -> Result<Server, SetUpError> {
        let mut recipe = Recipe::read(config, registration, base)?;
        let Some(given) = &config.database_url else {
            let managed = Managed::find(config).await?;
            recipe.copy_files = managed.can_copy_files();
            recipe.on_given_server = false;
            let url = with_settings(&managed.url(), config)?;
            return Ok(Server {
                url,
                managed: Some(managed),
                given: None,
                recipe: Some(recipe),
            });
        };
        let url: DatabaseUrl = given.parse().map_err(|error: aiodal_core::Error| {
            let places = "it comes from AIODAL_DATABASE_URL, aiodal.toml, DATABASE_URL or `Session::configure`";
            SetUpError::new(error.to_string(), places)
        })?;
        if url.config().get_ssl_mode() == SslMode::Require {
            return Err(SetUpError::new(
                format!(
                    "tests can't connect to {url} as its `sslmode` asks: they don't speak TLS yet"
                ),
                "leave `sslmode` out, or use `prefer`, if the server takes connections without TLS",
            ));
        }
        let url = with_settings(&url, config)?;
        let recipe = recipe.is_needed().then_some(recipe);
        Ok(Server {
            url,
            managed: None,
            given: Some(given.clone()),
            recipe,
        })
    }

    /// Opens the database that tests run in, making it if need be.
    ///
    /// A process that finds it made needs one connection, which is then its pool's first.
    ///
    /// # Errors
    ///
    /// The server can't be reached, a migration or the seed failed.
    pub(crate) async fn open(&mut self, config: &Config) -> Result<Place, SetUpError> {
        let Some(recipe) = &self.recipe else {
            let mut first = connect(&self.url, config).await?;
            self.inspect(&self.url, &mut first).await?;
            return Ok(Place::open(self.url.clone(), first, config));
        };
        // Usually it is there, under the first of its names.
        let url = self.url.with_database(&recipe.names.session(0));
        let place = match self.try_open(&url, config).await? {
            Some(place) => place,
            None => {
                if let Some(managed) = &mut self.managed {
                    managed.hold().await?;
                    self.url = with_settings(&managed.url(), config)?;
                }
                self.make(config).await?
            }
        };
        // The pool's first connection keeps the server from here on.
        if let Some(managed) = &mut self.managed {
            managed.let_go();
        }
        Ok(place)
    }

    /// Opens another database in place of one that a test has committed to; `None` where a given one is used as it is.
    ///
    /// # Errors
    ///
    /// What [`open`](Server::open) says.
    pub(crate) async fn replace(
        &self,
        tainted: &Place,
        test: &str,
        config: &Config,
    ) -> Result<Option<Place>, SetUpError> {
        if self.recipe.is_none() {
            return Ok(None);
        }
        let admin = Admin::connect(&self.url).await?;
        admin.lock().await?;
        admin.taint(tainted.url.database(), test).await?;
        drop(admin);
        self.make(config).await.map(Some)
    }

    /// Opens a session database if it exists and may be used.
    async fn try_open(
        &self,
        url: &DatabaseUrl,
        config: &Config,
    ) -> Result<Option<Place>, SetUpError> {
        let mut first = match connect_patiently(url, config).await {
            Ok(first) => first,
            // It does not exist; or our server has ended since its endpoint was read.
            Err(error) if code(&error) == Some(&SqlState::INVALID_CATALOG_NAME) => return Ok(None),
            Err(error) if self.managed.is_some() && code(&error).is_none() => return Ok(None),
            Err(error) => return Err(SetUpError::connect(url, error.as_ref())),
        };
        match self.inspect(url, &mut first).await {
            Ok(true) => Ok(Some(Place::open(url.clone(), first, config))),
            // Our server may end at any moment until somebody holds it.
            Err(error) if self.managed.is_none() => Err(error),
            Ok(false) | Err(_) => Ok(None),
        }
    }

    /// Sees to it that somebody drops the database in the end; our own server needs nobody for that.
    async fn ensure_janitor(
        &self,
        admin: &Admin,
        database: &str,
        config: &Config,
    ) -> Result<(), SetUpError> {
        let Some(url) = &self.given else {
            return Ok(());
        };
        if admin.has_janitor(database).await? {
            return Ok(());
        }
        let linger = config.postgres.linger();
        janitor::start(&Orders {
            url,
            database,
            linger,
        })
        .map_err(|error| {
            SetUpError::caused(
                format!("failed to start the process that will drop {database} in the end"),
                &error,
            )
        })
    }

    /// Says whether a session database may be used: whether it is finished and untainted, on a server that stays or
    /// with somebody who will drop it.
    async fn inspect(&self, url: &DatabaseUrl, first: &mut Backend) -> Result<bool, SetUpError> {
        let failed = |error: BoxError| {
            SetUpError::caused(format!("failed to inspect {url}"), error.as_ref())
        };
        let said = match &self.managed {
            Some(managed) => {
                first
                    .talk(async |client| inspect_ours(client, managed).await)
                    .await
            }
            None => first.talk(async |client| inspect_given(client).await).await,
        };
        let said = said
            .map_err(|error| failed(error.into()))?
            .map_err(failed)?;
        check_version(url, said.version)?;
        Ok(said.stays && said.mark.as_deref() == Some(READY))
    }

    /// Makes a session database under the lock, or finds the one that somebody has made meanwhile.
    async fn make(&self, config: &Config) -> Result<Place, SetUpError> {
        let recipe = self
            .recipe
            .as_ref()
            .expect("only a session database is made");
        let admin = Admin::connect(&self.url).await?;
        admin.lock().await?;
        let name = open_session_database(&admin, recipe).await?;
        let url = self.url.with_database(&name);
        let first = connect(&url, config).await?;
        self.ensure_janitor(&admin, &name, config).await?;
        // From here on the connection keeps the database; the lock may go.
        drop(admin);
        Ok(Place::open(url, first, config))
    }
}

/// What a database says of itself.
struct Inspection {
    version: i32,
    mark: Option<String>,
    stays: bool,
}

const MARK: &str = "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()";

/// One round trip, and little of the catalog: each process of nextest pays for this.
async fn inspect_ours(client: &Client, managed: &Managed) -> Result<Inspection, BoxError> {
    let (row, stays) = join(client.query_typed_one(MARK, &[]), managed.verify(client)).await;
    // Provisioning starts no version that is too old.
    Ok(Inspection {
        version: i32::MAX,
        mark: row?.get(0),
        stays: stays?,
    })
}

async fn inspect_given(client: &Client) -> Result<Inspection, BoxError> {
    let sql = format!(
        "select current_setting('server_version_num')::int4, ({MARK}), exists \
         (select from pg_stat_activity where datname = current_database() and application_name = '{}')",
        janitor::NAME
    );
    let row = client.query_typed_one(&sql, &[]).await?;
    Ok(Inspection {
        version: row.get(0),
        mark: row.get(1),
        stays: row.get(2),
    })
}

async fn connect(url: &DatabaseUrl, config: &Config) -> Result<Backend, SetUpError> {
    connect_patiently(url, config)
        .await
        .map_err(|error| SetUpError::connect(url, error.as_ref()))
}

fn check_version(url: &DatabaseUrl, version_num: i32) -> Result<(), SetUpError> {
    let major = version_num / 10_000;
    if major >= OLDEST {
        return Ok(());
    }
    let next =
        format!("use PostgreSQL {OLDEST} or newer, or remove the URL to have one started here");
    Err(SetUpError::new(
        format!("the server at {url} is PostgreSQL {major}, which is too old"),
        next,
    ))
}

/// Adds the configured settings to those that every connection starts with.
fn with_settings(url: &DatabaseUrl, config: &Config) -> Result<DatabaseUrl, SetUpError> {
    let mut options = url.config().get_options().unwrap_or_default().to_owned();
    for (name, value) in &config.settings {
        if !name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
        {
            let hint = "expected the name of a server setting, such as statement_timeout";
            return Err(SetUpError::new(
                format!("setting `{name}` cannot be a server setting"),
                hint,
            ));
        }
        // A backslash escapes what would end the option (PostgreSQL manual, 34.1.2, "options").
        let value = value.replace('\\', "\\\\").replace(' ', "\\ ");
        let _infallible = write!(options, " -c {name}={value}");
    }
    let mut driver = url.config().clone();
    if !options.is_empty() {
        driver.options(options.trim());
    }
    if driver.get_application_name().is_none() {
        driver.application_name("aiodal");
    }
    Ok(DatabaseUrl::from(driver))
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("url", &self.url)
            .field("managed", &self.managed.is_some())
            .finish_non_exhaustive()
    }
}
