//! Many attaches to a server that is always about to end, with a share of the attached killed.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::child::Fate;
use super::site::{Site, eventually, kill};

const LINGER: Duration = Duration::from_millis(100);

#[test]
fn no_attach_fails_while_others_are_killed() {
    storm(4, 8);
}

#[test]
#[ignore = "takes minutes"]
fn no_attach_fails_in_a_long_storm() {
    storm(8, 60);
}

fn storm(workers: u32, attaches: u32) {
    let site = Site::shared(LINGER);
    let starts = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (site, starts) = (&site, &starts);
            scope.spawn(move || {
                let mut dice = Dice::new(worker);
                for _ in 0..attaches {
                    attach(site, &mut dice, starts);
                    // Around the linger, so that the next attach meets the server at all stages of its end.
                    std::thread::sleep(LINGER.mul_f64(f64::from(dice.roll(60)) / 10.0));
                }
            });
        }
    });
    println!(
        "{} starts in {} attaches",
        starts.load(Ordering::Relaxed),
        workers * attaches
    );
    eventually("the server ends", || site.leftovers().is_empty());
}

/// One in six is killed at any moment of its life; all the others have to succeed.
fn attach(site: &Site, dice: &mut Dice, starts: &AtomicU32) {
    let child = site.attach_with(Fate::Leaves);
    if dice.roll(6) == 0 {
        let id = child.id();
        std::thread::sleep(Duration::from_millis(u64::from(dice.roll(120))));
        kill(id);
        child.await_death();
        return;
    }
    let report = child
        .attached_or_dead()
        .expect("an attach that nobody kills succeeds");
    starts.fetch_add(u32::from(report.started), Ordering::Relaxed);
    child.leave();
}

/// A small generator of numbers, the same in every run.
struct Dice(u64);

impl Dice {
    fn new(seed: u32) -> Dice {
        Dice(u64::from(seed) + 1)
    }

    /// From zero to one less than `sides`.
    fn roll(&mut self, sides: u32) -> u32 {
        // The multiplier and increment of Knuth's MMIX.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let high = u32::try_from(self.0 >> 33).expect("31 bits are left");
        high % sides
    }
}
