//! The kill matrix: each deliberate defect fails the case that the catalogue names, at a check and not by an accident.

use xcat_conformance::matrix::{Extent, kill_matrix};

#[tokio::test(flavor = "multi_thread")]
async fn every_defect_is_caught_by_the_case_that_the_catalogue_names() {
    let kills = kill_matrix(&[], &Extent::Named, 4, &|_| {}).await.unwrap();
    assert!(kills.len() >= 80, "{} defects", kills.len());
    let others: Vec<_> = kills
        .iter()
        .filter(|k| !k.as_named)
        .map(|k| (k.defect, k.named, &k.caught_by))
        .collect();
    assert!(others.is_empty(), "{others:#?}");
}
