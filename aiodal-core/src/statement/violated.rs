//! From a constraint's name, which is all that the server tells of a violation, to its columns.

use crate::schema::Table;

impl Table {
    /// Returns the columns of a constraint or unique index of this name; `None` if there is none.
    ///
    /// Those of a check are the columns it reads, and expressions are left out.
    ///
    /// ```no_run
    /// # fn example(author: &aiodal_core::schema::Table, error: &aiodal_core::Error) {
    /// if let Some(columns) = error.constraint().and_then(|name| author.constraint_columns(name)) {
    ///     eprintln!("choose another {}", columns.join(" and "));
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn constraint_columns(&self, name: &str) -> Option<Vec<&str>> {
        fn names(columns: &[String]) -> Vec<&str> {
            columns.iter().map(String::as_str).collect()
        }
        if let Some(key) = self.primary_key.iter().find(|key| key.name == name) {
            return Some(names(&key.columns));
        }
        if let Some(key) = self.unique_constraints.iter().find(|key| key.name == name) {
            return Some(names(&key.columns));
        }
        if let Some(key) = self.foreign_keys.iter().find(|key| key.name == name) {
            return Some(names(&key.columns));
        }
        if let Some(check) = self.checks.iter().find(|check| check.name == name) {
            return Some(names(&check.columns));
        }
        if let Some(exclusion) = self.exclusions.iter().find(|other| other.name == name) {
            let elements = exclusion.elements.iter();
            return Some(elements.filter_map(|element| element.column.as_deref()).collect());
        }
        let mut indexes = self.indexes.iter();
        let index = indexes.find(|index| index.unique && index.name == name)?;
        let elements = index.elements.iter();
        Some(elements.filter_map(|element| element.column.as_deref()).collect())
    }
}
