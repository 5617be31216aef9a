//! Values made at random from those of a family.

use super::plausible::plausible;
use super::random::Random;
use super::values::{Family, quoted, usual};

/// What is put in: what means something to one type or another.
const BYTES: &[u8] = b"0123456789000999---+++...:::,,eEtTzZ  \t\n\r\x0B\"\"\\\\{}[]/()_'axnNbBDfx\0\x01\x7F\x80\xC3\xA9\xFF";

/// Returns so many values.
pub(super) fn mutations(family: Family, number: usize, random: &mut Random) -> Vec<Vec<u8>> {
    (0..number).map(|_| value(family, random)).collect()
}

fn value(family: Family, random: &mut Random) -> Vec<u8> {
    let likely = plausible(family, random).filter(|_| random.chance(2, 3));
    if let Some(likely) = likely {
        return likely.into_bytes();
    }
    let mut value = match family {
        Family::Array(members) if random.chance(3, 4) => array(*members, random),
        _ => random.pick(usual(family)).clone(),
    };
    if random.chance(1, 2) {
        other_digits(&mut value, random);
    }
    if random.chance(1, 6) {
        splice(&mut value, random.pick::<Vec<u8>>(usual(family)), random);
    }
    if random.chance(1, 2) {
        for byte in random.some(BYTES, 3) {
            change(&mut value, byte, random);
        }
    }
    value
}

fn array(members: Family, random: &mut Random) -> Vec<u8> {
    let mut text = vec![b'{'];
    for number in 0..random.between(0, 4) {
        if number > 0 {
            text.push(b',');
        }
        if random.chance(1, 8) {
            text.push(b' ');
        }
        match random.below(8) {
            0 => text.extend_from_slice(b"NULL"),
            1..=3 => text.extend(value(members, random)),
            _ => text.extend(quoted(&value(members, random))),
        }
    }
    text.push(b'}');
    text
}

/// Most values are still some with other digits.
fn other_digits(value: &mut [u8], random: &mut Random) {
    for byte in value.iter_mut().filter(|byte| byte.is_ascii_digit()) {
        if random.chance(1, 2) {
            *byte = *random.pick(b"0123456789");
        }
    }
}

/// Goes on with the end of another one.
fn splice(value: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    value.truncate(random.between(0, value.len()));
    value.extend_from_slice(&other[random.between(0, other.len())..]);
}

fn change(value: &mut Vec<u8>, byte: u8, random: &mut Random) {
    let place = random.between(0, value.len());
    match random.below(4) {
        0 if place < value.len() => value[place] = byte,
        1 if place < value.len() => drop(value.remove(place)),
        2 if place < value.len() => {
            let end = random.between(place + 1, value.len());
            let again = value[place..end].to_vec();
            value.splice(place..place, again);
        }
        _ => value.insert(place, byte),
    }
}
