//! The server of a session, given by URL or managed by us, and the database on it that tests run in.

use std::fmt::{self, Write as _};
use std::path::Path;

use aiodal_core::{BoxError, DataAccessLayer, DatabaseUrl, SqlState};

use super::Session;
use super::hooks::Hooks;
use super::inspection::{inspect_given, inspect_ours};
use super::managed::Managed;
use super::place::{Place, code, connect_patiently};
use super::production;
use super::registry::Registration;
use crate::backend::Backend;
use crate::config::Config;
use crate::fixture::Layers;
use crate::janitor::{self, Orders};
use crate::set_up::SetUpError;
use crate::template::{
    Admin, Chain, READY, Recipe, SessionDatabase, Template, Values, open_session_database,
};

/// The oldest server version that everything here works on.
const OLDEST: i32 = 14;

/// Where a server is.
enum At {
    /// Ours. Its maintenance database is asked for each time: another may have taken its place.
    Managed(Box<Managed>),
    Given {
        /// The maintenance database. Its password is never printed.
        url: Box<DatabaseUrl>,
        /// The URL as it was given, for the janitor's ears only.
        text: String,
    },
}

/// The server that a session uses, and what it makes of it.
pub(crate) struct Server {
    at: At,
    registration: Option<Registration>,
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
            recipe.on_given_server = false;
            return Ok(Server {
                at: At::Managed(Box::new(managed)),
                registration,
                recipe: Some(recipe),
            });
        };
        let url = given_url(given)?;
        production::refuse(&url, config)?;
        let url = Box::new(with_settings(&url, config, registration)?);
        let text = given.clone();
        let recipe = recipe.is_needed().then_some(recipe);
        Ok(Server {
            at: At::Given { url, text },
            registration,
            recipe,
        })
    }

    /// Opens the database that tests run in which ask for `layers`, making it if need be.
    ///
    /// A process that finds it made needs one connection, which is then its pool's first.
    ///
    /// # Errors
    ///
    /// The server can't be reached, a migration, the seed or a layer failed.
    pub(crate) async fn open(
        &self,
        session: &'static Session,
        layers: &Layers,
    ) -> Result<Place, SetUpError> {
        let config = &session.config;
        let Some(recipe) = &self.recipe else {
            return self.open_as_it_is(layers, config).await;
        };
        let chain = Chain::new(recipe.names.clone(), layers.clone());
        // Usually it is there, under the first of its names.
        let url = self.url(config).await?;
        let url = url.with_database(&chain.names().session(0));
        let Some(place) = self.try_open(&url, layers, config).await? else {
            return self.make(session, recipe, &chain).await;
        };
        if let At::Managed(managed) = &self.at {
            // The pool's first connection keeps the server from here on.
            managed.leave_to_connections().await;
        }
        Ok(place)
    }

    /// Opens a given database for which there is nothing to prepare.
    async fn open_as_it_is(&self, layers: &Layers, config: &Config) -> Result<Place, SetUpError> {
        let url = self.url(config).await?;
        if let Some(layer) = layers.iter().next() {
            return Err(SetUpError::new(
                format!(
                    "{} writes rows for the whole session, and the database of {url} is used as it is",
                    layer.source
                ),
                "rows are written once into a copy of a database that is made of migrations or a seed: give the session either, \
                 leave the URL out to have a server started here, or let each test write its own with `scope = \"test\"`",
            ));
        }
        let mut first = connect(&url, config).await?;
        self.inspect(&url, &mut first).await?;
        Ok(Place::open(url, first, (layers, Values::default()), config))
    }

    /// What a test's own database is cloned from; `None` where a given database is used as it is.
    pub(crate) fn template(&self, layers: &Layers) -> Option<Template> {
        let recipe = self.recipe.as_ref()?;
        let chain = Chain::new(recipe.names.clone(), layers.clone());
        Some(recipe.template(&chain))
    }

    /// The database from which others are made.
    pub(crate) fn maintenance_database(&self) -> &str {
        match &self.at {
            At::Managed(_) => "postgres",
            At::Given { url, .. } => url.database(),
        }
    }

    /// Says whether the server is our own.
    pub(crate) fn is_managed(&self) -> bool {
        matches!(self.at, At::Managed(_))
    }

    /// Opens another database in place of one that a test has committed to; `None` where a given one is used as it is.
    ///
    /// # Errors
    ///
    /// What [`open`](Server::open) says.
    pub(crate) async fn replace(
        &self,
        session: &'static Session,
        tainted: &Place,
        test: &str,
    ) -> Result<Option<Place>, SetUpError> {
        let Some(recipe) = &self.recipe else {
            return Ok(None);
        };
        let admin = Admin::connect(&self.url(&session.config).await?).await?;
        admin.lock().await?;
        admin.taint(tainted.url.database(), test).await?;
        drop(admin);
        let chain = Chain::new(recipe.names.clone(), tainted.layers.clone());
        self.make(session, recipe, &chain).await.map(Some)
    }

    /// The maintenance database, with the configured settings.
    async fn url(&self, config: &Config) -> Result<DatabaseUrl, SetUpError> {
        match &self.at {
            At::Managed(managed) => with_settings(&managed.url().await, config, self.registration),
            At::Given { url, .. } => Ok(DatabaseUrl::clone(url)),
        }
    }

    /// Opens a session database if it exists and may be used.
    async fn try_open(
        &self,
        url: &DatabaseUrl,
        layers: &Layers,
        config: &Config,
    ) -> Result<Option<Place>, SetUpError> {
        let ours = matches!(self.at, At::Managed(_));
        let mut first = match connect_patiently(url, config).await {
            Ok(first) => first,
            // It does not exist; or our server has ended since its endpoint was read.
            Err(error) if code(&error) == Some(&SqlState::INVALID_CATALOG_NAME) => return Ok(None),
            Err(error) if ours && code(&error).is_none() => return Ok(None),
            Err(error) => return Err(SetUpError::connect(url, error.as_ref())),
        };
        match self.inspect(url, &mut first).await {
            Ok(Some(values)) if values.fit(layers.iter()) => {
                let place = Place::open(url.clone(), first, (layers, values), config);
                Ok(Some(place))
            }
            // Our server may end at any moment until somebody holds it.
            Err(error) if !ours => Err(error),
            Ok(_) | Err(_) => Ok(None),
        }
    }

    /// Sees to it that somebody drops the database in the end; our own server needs nobody for that.
    async fn ensure_janitor(
        &self,
        admin: &Admin,
        database: &str,
        config: &Config,
    ) -> Result<(), SetUpError> {
        let At::Given { text: url, .. } = &self.at else {
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

    /// Returns what layers have left behind in a session database that may be used: one that is finished and untainted, on
    /// a server that stays or with somebody who will drop it.
    async fn inspect(
        &self,
        url: &DatabaseUrl,
        first: &mut Backend,
    ) -> Result<Option<Values>, SetUpError> {
        let failed = |error: BoxError| {
            SetUpError::caused(format!("failed to inspect {url}"), error.as_ref())
        };
        let said = match &self.at {
            At::Managed(managed) => {
                first
                    .talk(async |client| inspect_ours(client, managed).await)
                    .await
            }
            At::Given { .. } => first.talk(async |client| inspect_given(client).await).await,
        };
        let said = said
            .map_err(|error| failed(error.into()))?
            .map_err(failed)?;
        check_version(url, said.version)?;
        let comment = said.comment.as_deref().filter(|_| said.stays);
        let read = comment.and_then(Values::read);
        Ok(read.and_then(|(mark, values)| (mark == READY).then_some(values)))
    }

    /// Makes a session database under the lock, or finds the one that somebody has made meanwhile.
    async fn make(
        &self,
        session: &'static Session,
        recipe: &Recipe,
        chain: &Chain,
    ) -> Result<Place, SetUpError> {
        let At::Managed(managed) = &self.at else {
            return self.make_on_server(session, recipe, chain).await;
        };
        managed.hold().await?;
        let made = self.make_on_server(session, recipe, chain).await;
        managed.let_go().await;
        made
    }

    async fn make_on_server(
        &self,
        session: &'static Session,
        recipe: &Recipe,
        chain: &Chain,
    ) -> Result<Place, SetUpError> {
        let config = &session.config;
        let admin = Admin::connect(&self.url(config).await?).await?;
        admin.lock().await?;
        let SessionDatabase { name, values } =
            open_session_database(&admin, recipe, chain, session).await?;
        let url = admin.url.with_database(&name);
        let first = connect(&url, config).await?;
        self.ensure_janitor(&admin, &name, config).await?;
        // From here on the connection keeps the database; the lock may go.
        drop(admin);
        Ok(Place::open(url, first, (chain.layers(), values), config))
    }
}

/// Reads the URL of a given server.
///
/// # Errors
///
/// It can't be read, or asks for TLS, which is not compiled in.
pub(crate) fn given_url(given: &str) -> Result<DatabaseUrl, SetUpError> {
    given.parse().map_err(|error: aiodal_core::Error| {
        let places =
            "it comes from AIODAL_DATABASE_URL, aiodal.toml, DATABASE_URL or `Session::configure`";
        SetUpError::new(error.to_string(), places)
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

/// Adds the configured settings to those that every connection starts with, and those that the session's code has for
/// its data access layers.
fn with_settings(
    url: &DatabaseUrl,
    config: &Config,
    registration: Option<Registration>,
) -> Result<DatabaseUrl, SetUpError> {
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
    let mut url = url.clone();
    if !options.is_empty() {
        url = url.with_options(options.trim());
    }
    if let Some(registration) = registration {
        let hooks = Hooks::of(Some(registration));
        let builder = hooks.data_access_layer(DataAccessLayer::builder());
        url = builder.pool_options().starting(&url).map_err(|error| {
            let source = registration.source;
            SetUpError::caused(
                format!("`data_access_layer` of session {source} has an option that cannot be"),
                &error,
            )
        })?;
    }
    if url.config().get_application_name().is_none() {
        url = url.with_application_name("aiodal");
    }
    Ok(url)
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut server = f.debug_struct("Server");
        match &self.at {
            At::Managed(_) => server.field("at", &"a server of our own"),
            At::Given { url, .. } => server.field("at", url),
        };
        server.finish_non_exhaustive()
    }
}
