//! Tasks that create, attach, detach and delete at random, from two drivers with a state folder in common, against one site.
//! `scripts/driver-soak` does the same from two processes and for long.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use zvm_volume::volumes::VolumeDriver as _;

use crate::guests::{ONE_PATH, guest, halves};
use crate::random::{Counter, Dice, fair};
use crate::rig::{CURRENT, Rig, volume};

/// Calls of the Nova half after which the tasks end.
const CALLS: u64 = 1_500;

/// Tasks over both drivers.
const TASKS: u64 = 32;

#[tokio::test(flavor = "multi_thread")]
async fn con_05_random_work_of_two_drivers_leaks_nothing() {
    let rig = Rig::lab(CURRENT).await;
    let counter = Arc::new(Counter::default());
    let before = rig.traces();
    // Tasks of a loaded machine wait long for each other; a lock that is never given back shows all the same.
    let keys = format!("{ONE_PATH}\nzvm_lock_timeout = 600");
    let mut drivers = Vec::new();
    for _ in 0..2 {
        drivers.push(Arc::new(halves(&rig, &keys, vec![counter.clone()]).await));
    }
    let mut tasks = Vec::new();
    for task in 0..TASKS {
        let both = Arc::clone(&drivers[usize::try_from(task % 2).unwrap()]);
        let counter = Arc::clone(&counter);
        tasks.push(tokio::spawn(async move {
            let mut dice = Dice(task + 1);
            let mut rounds = 0;
            while counter.0.load(Ordering::Relaxed) < CALLS {
                rounds += 1;
                let volume = volume(u8::try_from(task).unwrap(), 1 + dice.roll(5) as u64);
                let made = match both.driver.create_volume(&volume).await {
                    Ok(update) => volume.updated(&update),
                    Err(error) if fair(&error).is_some() => continue,
                    Err(error) => panic!("create: {error}"),
                };
                let instance = guest(["lnx1", "lnx2", "lnx3"][dice.roll(3)]);
                match both.attach(&made, &instance, None).await {
                    Ok(_) => {
                        if dice.roll(4) == 0 {
                            let again = both.connect_again(&made, &instance).await.unwrap();
                            assert!(again.already);
                        }
                        both.detach_loosely(&made, &instance).await;
                    }
                    Err(error) if fair(&error).is_some() => {}
                    Err(error) => panic!("attach to {}: {error}", instance.node),
                }
                both.driver
                    .delete_volume(&made)
                    .await
                    .unwrap_or_else(|e| panic!("delete: {e}"));
            }
            rounds
        }));
    }
    let mut rounds = 0;
    for task in tasks {
        rounds += task.await.unwrap();
    }
    let both = &drivers[0];
    let report = both
        .nova
        .reconcile(&zvm_volume::steps::Known::NotDone)
        .await
        .unwrap();
    assert_eq!(report.findings, []);
    let ledger = both.nova.ledger().read().await.unwrap();
    assert_eq!(ledger.contradictions(), Vec::<String>::new());
    assert_eq!(ledger.withheld().count(), 0);
    let reserved: BTreeSet<_> = ledger
        .entries()
        .map(|(_, entry)| entry.phase)
        .map(|phase| format!("{phase:?}"))
        .collect();
    assert!(
        reserved.iter().all(|phase| phase == "Reserved"),
        "{reserved:?}"
    );
    assert_eq!(rig.traces(), before);
    println!(
        "soak: {rounds} rounds, {} calls of the Nova half, {TASKS} tasks, two drivers",
        counter.0.load(Ordering::Relaxed)
    );
    assert!(rounds > 0);
}
