//! Conformance suites: what every event store, change feed and repository has to do, as one test per promise.
//!
//! A backend's tests name a fixture and get every case as a `#[test]` of their own module:
//!
//! ```
//! use es_core::{store::MemoryEventStore, testing::conformance::EventStoreFixture};
//!
//! #[derive(Default)]
//! struct Memory(MemoryEventStore);
//!
//! impl EventStoreFixture for Memory {
//!     type Store = MemoryEventStore;
//!     async fn open(&self) -> MemoryEventStore {
//!         self.0.clone()
//!     }
//! }
//!
//! mod memory_store {
//!     es_core::testing::event_store_conformance!(super::Memory::default());
//! }
//! # fn main() {}
//! ```
//!
//! The macros take an expression that makes a fixture over fresh, empty data, and may `.await` in it. They run
//! each case in a tokio runtime of its own with two threads.

pub mod document;
pub mod feed;
mod fixture;
mod notes;
pub mod repository;
pub mod store;

pub use fixture::{ChangeFeedFixture, DocumentRepositoryFixture, EventStoreFixture, RepositoryFixture};
pub use notes::{Counts, Mirror, Note, Tally, Totals};

/// Runs one case.
///
/// # Panics
/// When the case fails, or does not end within five minutes: much longer than any takes, also on a busy machine.
#[doc(hidden)]
pub fn run(case: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a tokio runtime starts");
    let ended =
        runtime.block_on(async { tokio::time::timeout(std::time::Duration::from_secs(300), case).await });
    ended.expect("the case ends within five minutes");
}

/// One test for each promise of an event store; see [`conformance`](crate::testing::conformance).
///
/// Takes an expression that makes an [`EventStoreFixture`](crate::testing::conformance::EventStoreFixture).
#[macro_export]
macro_rules! event_store_conformance {
    ($fixture:expr) => {
        $crate::__conformance! { store $fixture;
            a_new_store_is_empty
            a_commit_comes_back_exactly
            an_acknowledged_commit_is_seen_at_once
            of_racing_writers_one_wins
            of_racing_handles_one_wins
            a_hole_is_refused_or_noticed
            an_overlap_is_refused_or_noticed
            a_wrong_parent_is_refused_or_noticed
            the_same_commit_again_is_stored_already
            a_bad_append_fails_alone
            a_chain_sent_at_once_has_no_hole
            a_dropped_append_happens_whole_or_not_at_all
            pages_are_in_order_and_complete
            a_read_from_the_middle
            commits_at_the_limit_fit
            commits_over_the_limit_are_refused
            big_commits_come_back_page_by_page
            odd_ids_are_streams_of_their_own
            categories_do_not_mix
            reading_while_writing
            heads_are_complete
            heads_while_writing
            the_newest_snapshot_wins
            snapshots_do_not_mix
            a_restart_keeps_everything
        }
    };
}

/// One test for each promise of a change feed; see [`conformance`](crate::testing::conformance).
///
/// Takes an expression that makes a [`ChangeFeedFixture`](crate::testing::conformance::ChangeFeedFixture).
#[macro_export]
macro_rules! change_feed_conformance {
    ($fixture:expr) => {
        $crate::__conformance! { feed $fixture;
            partitions_are_assigned_first
            commits_made_before_arrive
            commits_made_later_wake_it
            commits_of_another_handle_arrive
            every_aggregate_is_in_order
            other_categories_do_not_arrive
            no_category_no_commit
            offsets_ascend
            it_goes_on_after_an_offset
            it_starts_over
            offsets_outlive_a_restart
            next_is_cancel_safe
            subscriptions_are_independent
            big_commits_arrive
        }
    };
}

/// One test for each promise of a repository; see [`conformance`](crate::testing::conformance).
///
/// Takes an expression that makes a [`RepositoryFixture`](crate::testing::conformance::RepositoryFixture). Cases about
/// generations have nothing to ask of a repository that keeps only one, which is one whose
/// [`at_generation`](crate::repository::Repository::at_generation) is `None`; so a backend that keeps them asserts in a
/// test of its own that it is not.
#[macro_export]
macro_rules! repository_conformance {
    ($fixture:expr) => {
        $crate::__conformance! { repository $fixture;
            a_new_repository_is_empty
            a_batch_folds_and_moves
            a_stale_move_applies_nothing
            of_two_appliers_one_folds
            racing_listeners_fold_each_event_once
            a_failing_fold_applies_nothing
            a_broken_commit_applies_nothing
            a_dropped_apply_happens_whole_or_not_at_all
            large_batches_fit
            rows_shared_by_aggregates_lose_no_update
            readers_see_whole_batches
            offsets_never_go_back
            dead_letters_are_kept_once
            parking_and_its_end
            rows_list_completely
            rows_list_in_byte_order
            streams_list_completely
            streams_of_categories_list_completely
            odd_keys_are_rows_of_their_own
            odd_streams_have_checkpoints_of_their_own
            projections_do_not_mix
            keyed_rows_do_not_mix
            a_restart_keeps_everything
            a_new_generation_is_empty_and_its_own
            a_superseded_generation_takes_nothing
            a_take_over_among_appliers_loses_nothing
            a_generation_behind_does_not_take_over
            a_second_filling_gives_up_the_first
            the_generation_before_is_kept_for_a_while
            dead_letters_outlive_a_rebuild
            large_generations_are_deleted
            generations_outlive_a_restart
        }
    };
}

/// One test for each promise of a repository without transactions
/// ([`DocumentRepository`](crate::repository::DocumentRepository)); see
/// [`conformance`](crate::testing::conformance).
///
/// Takes an expression that makes a
/// [`DocumentRepositoryFixture`](crate::testing::conformance::DocumentRepositoryFixture).
#[macro_export]
macro_rules! document_repository_conformance {
    ($fixture:expr) => {
        $crate::__conformance! { document $fixture;
            a_new_repository_is_empty
            a_batch_folds_and_moves
            a_stale_move_applies_nothing
            of_two_appliers_one_folds
            racing_listeners_fold_each_event_once
            racing_batches_save_offsets_last
            a_failing_fold_applies_nothing
            a_broken_commit_applies_nothing
            a_dropped_apply_happens_whole_or_not_at_all
            a_batch_in_part_is_finished
            large_batches_fit
            views_and_checkpoints_move_together
            offsets_never_go_back
            dead_letters_are_kept_once
            parking_and_its_end
            what_is_only_parked_is_no_row
            rows_list_completely
            streams_list_completely
            odd_streams_have_checkpoints_of_their_own
            projections_do_not_mix
            a_restart_keeps_everything
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance {
    ($suite:ident $fixture:expr; $($case:ident)*) => { $(
        #[test]
        fn $case() {
            $crate::testing::conformance::run(async {
                $crate::testing::conformance::$suite::$case($fixture).await
            });
        }
    )* };
}
