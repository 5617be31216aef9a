//! Which fields of a record are sent, in formats that the server reads.

use std::cmp::Ordering;

/// The fields that are sent, where that is not simply all of them.
#[derive(Debug)]
pub(super) struct Order {
    /// How many a record has.
    width: usize,
    /// For each column, its field.
    fields: Vec<usize>,
}

impl Order {
    /// `fields` says of each field which column it is for; `None` if records are sent as they are.
    pub(super) fn of(fields: &[Option<usize>]) -> Option<Order> {
        if fields.iter().enumerate().all(|(i, to)| *to == Some(i)) {
            return None;
        }
        let columns = fields.iter().flatten().count();
        let of = |column| fields.iter().position(|to| *to == Some(column));
        Some(Order {
            width: fields.len(),
            fields: (0..columns).filter_map(of).collect(),
        })
    }

    pub(super) fn fields(&self) -> &[usize] {
        &self.fields
    }

    /// Returns what is wrong with a record of so many fields.
    pub(super) fn mismatch(&self, found: usize) -> Option<String> {
        let width = self.width;
        match found.cmp(&width) {
            Ordering::Less => Some(format!("missing data: {found} fields instead of {width}")),
            Ordering::Equal => None,
            Ordering::Greater => Some(format!(
                "extra data after last expected column: {found} fields instead of {width}"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_in_order_are_sent_as_they_are() {
        assert!(Order::of(&[]).is_none());
        assert!(Order::of(&[Some(0), Some(1)]).is_none());
        let order = Order::of(&[Some(1), None, Some(0)]).unwrap();
        assert_eq!(order.fields(), [2, 0]);
        assert_eq!(order.mismatch(3), None);
        assert!(order.mismatch(2).unwrap().starts_with("missing data"));
        assert!(order.mismatch(4).unwrap().starts_with("extra data"));
    }
}
