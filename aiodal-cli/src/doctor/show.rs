//! The report as text.

use std::fmt;

use super::{About, Found, Report};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "package   {}", self.package.display())?;
        writeln!(f, "target    {}", self.target.display())?;
        match &self.config_file {
            Some(file) => writeln!(f, "config    {}", file.display())?,
            None => writeln!(f, "config    no aiodal.toml")?,
        }
        for line in &self.configuration {
            writeln!(f, "          {line}")?;
        }
        if !self.environment.is_empty() {
            writeln!(f, "          set: {}", self.environment.join(", "))?;
        }
        for (number, installed) in self.installations.iter().enumerate() {
            let head = if number == 0 { "installed" } else { "" };
            let mark = if installed.chosen { '*' } else { ' ' };
            let what = match (&installed.version, &installed.problem) {
                (Some(version), _) => format!("PostgreSQL {version}"),
                (None, problem) => problem.clone().unwrap_or_default(),
            };
            let (directory, source) = (installed.directory.display(), installed.source);
            writeln!(f, "{head:<9}{mark}{what} in {directory} ({source})")?;
        }
        match &self.found {
            Some(found) => write!(f, "{found}")?,
            None if self.installations.is_empty() => writeln!(f, "installed none")?,
            None => {}
        }
        if let Some(problem) = &self.problem {
            writeln!(f, "problem   {}", indented(problem))?;
        } else if self.advice.is_empty() {
            writeln!(f, "advice    none: this is as fast as it gets")?;
        }
        for advice in &self.advice {
            writeln!(f, "advice    {}", indented(advice))?;
        }
        Ok(())
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Found {
            server,
            facts,
            databases,
            speed,
        } = self;
        let version = facts.setting("server_version");
        writeln!(f, "server    PostgreSQL {version}, {server}")?;
        writeln!(f, "url       {}", server.url)?;
        let shown = [
            "fsync",
            "synchronous_commit",
            "full_page_writes",
            "autovacuum",
            "max_connections",
        ];
        let settings = shown.map(|name| format!("{name} {}", facts.setting(name)));
        writeln!(f, "settings  {}", settings.join(", "))?;
        let databases_may = if facts.can_create_databases {
            "may"
        } else {
            "may not"
        };
        writeln!(
            f,
            "user      {}, who {databases_may} create databases",
            facts.user
        )?;
        if databases.is_empty() {
            writeln!(f, "databases none of ours")?;
        }
        for (number, database) in databases.iter().enumerate() {
            let head = if number == 0 { "databases" } else { "" };
            let of = database
                .of
                .as_ref()
                .map(|of| format!(" of {of}"))
                .unwrap_or_default();
            let sessions = match database.sessions {
                0 => String::new(),
                1 => ", 1 session".to_owned(),
                several => format!(", {several} sessions"),
            };
            writeln!(
                f,
                "{head:<9} {}: {}{of}{sessions}",
                database.name, database.kind
            )?;
        }
        let mut times = Vec::new();
        let all = [
            ("first start", speed.first_start),
            ("start", speed.start),
            ("attach", speed.attach),
            ("connect", Some(speed.connect)),
            ("statement", Some(speed.statement)),
            ("begin + rollback", Some(speed.transaction)),
            ("create database", speed.create_database),
            ("drop database", speed.drop_database),
        ];
        for (what, took) in all {
            times.extend(took.map(|took| format!("{what} {took} ms")));
        }
        writeln!(f, "speed     {}", times.join(", "))
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == "given" {
            return write!(f, "given: {}", self.because);
        }
        write!(f, "our own: {}", self.because)?;
        match (&self.kept_until, self.linger_seconds) {
            (Some(until), _) => write!(f, "; kept until {until}"),
            (None, Some(linger)) => write!(f, "; ends {linger} s after its last session"),
            (None, None) => Ok(()),
        }
    }
}

fn indented(text: &str) -> String {
    text.replace('\n', "\n          ")
}
