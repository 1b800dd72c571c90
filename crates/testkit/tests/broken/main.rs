//! Back-ends that break one promise each, and the case of the suite that says so.
//!
//! Their authors believe that they work: each is right but for one thing that somebody has really got wrong.

mod dropped;
mod faulty;

use dropped::Dropped;
use faulty::{Broken, Damaged, Opened};
use std::{panic, sync::Arc, time::Duration};
use strongroom_core::{Backend, NamespaceId, ObjectId, Result, async_trait};
use strongroom_engine::EngineOptions;
use strongroom_testkit::{BackendSubject, Held, backend, run_within};

/// One thing that a back-end does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    LosesThePreviousVersion,
    AnswersTheFirstVersion,
    CutsAtFourKibibytes,
    CutsAtOneMebibyte,
    BreaksWhatIsNotAscii,
    TrimsTheEnd,
    RefusesARepeat,
    OverwritesWithALateRepeat,
    MergesEqualPayloads,
    GivesLongNames,
    ShowsThePayloadInAnError,
    CallsTheMissingUnavailable,
    TriesTheMissingAgain,
    LeavesTheMissingOutOfBulkReads,
    CutsLongLabels,
    IsAnotherPlaceAtEachOpening,
    TellsItsPassword,
    TakesNothing,
    LeavesAProbe,
    ForgetsDeletes,
    ForgetsRemovals,
    AnswersWhatWasReadBefore,
    RemovesAllVersions,
    RemovesFromOtherObjects,
    RemovesFromOtherNamespaces,
    KeepsTheOnlyVersion,
    HangsWhenItRemoves,
    FailsToDeleteWhatIsGone,
    FailsToRemoveWhatIsGone,
    FailsToRelabelWhatIsGone,
    KeepsOldLabels,
    RelabelsOtherObjects,
    RelabelsOtherNamespaces,
    ScansOnePage,
    SkipsTheRestOfAnObject,
    ScansWithoutTheLastVersion,
    TellsAnotherAttempt,
    MarksTheFirstVersion,
    LosesTheMarkToThePast,
    MovesTheMarkWithALateRepeat,
    HidesWhatIsDamaged,
    ShowsWhatIsDamagedAsEmpty,
    FailsForAllIfOneIsDamaged,
    MixesUpObjects,
    IgnoresItsNamespace,
    ForgetsWhenOpenedAgain,
    ServesOneReadAtATime,
    LocksEachOpeningAlone,
    KeepsTheSlotOfADroppedRead,
    AnswersWhatADroppedReadAskedFor,
    AnswersWhatADroppedScanAskedFor,
    TakesADroppedRelabelForDone,
    TakesADroppedRemovalForDone,
    LeavesTheLockOfADroppedDeletion,
    Hangs,
    CannotBeReached,
}

struct Subject(Held, Damaged, Opened, Fault);

impl Subject {
    fn new(fault: Fault) -> Self {
        Self(Held::new(), Damaged::default(), Opened::default(), fault)
    }
}

#[async_trait]
impl BackendSubject for Subject {
    async fn open(&self, namespace: NamespaceId) -> Result<Arc<dyn Backend>> {
        let inner = Broken::open(&self.0, &self.1, &self.2, namespace, self.3);
        Ok(Arc::new(Dropped::over(inner, self.3)))
    }

    fn call_timeout(&self) -> Duration {
        match self.3 {
            Fault::KeepsTheSlotOfADroppedRead => Duration::from_secs(1),
            _ => EngineOptions::default().call_timeout,
        }
    }

    async fn damage(&self, _namespace: NamespaceId, object: ObjectId) -> bool {
        self.1.lock().unwrap().insert(object)
    }
}

/// What is printed when the case looks at such a back-end.
fn told(fault: Fault, group: &str, name: &str) -> String {
    // Only the one that hangs takes as long; what is shown late by others is waited for 15 s.
    let limit = Duration::from_secs(if fault == Fault::Hangs { 2 } else { 60 });
    let subject = || -> Box<dyn BackendSubject> { Box::new(Subject::new(fault)) };
    let outcome = panic::catch_unwind(|| run_within(limit, backend::SUITE, group, name, &subject));
    *outcome.err().and_then(|told| told.downcast::<String>().ok()).expect("nobody noticed")
}

/// Requires that the case fails, with the promise that it is about, and how it was broken where that is given.
fn is_caught(fault: Fault, group: &str, name: &str, how: &str) {
    let cases = backend::SUITE.iter().filter(|(known, _)| *known == group).flat_map(|(_, cases)| *cases);
    let case = cases.clone().find(|case| case.name == name).expect("there is no such case");
    let text = told(fault, group, name);
    assert!(text.contains(how), "{text}");
    assert!(text.starts_with(&format!("broken promise: {}", case.promise.trim())), "{text}");
}

macro_rules! caught {
    ($( $fault:ident in $group:ident: $name:ident $(=> $how:literal)?; )*) => {
        $(
            #[allow(non_snake_case)]
            mod $fault {
                #[test]
                fn $name() {
                    let how = concat!("", $($how)?);
                    super::is_caught(super::Fault::$fault, stringify!($group), stringify!($name), how);
                }
            }
        )*
    };
}

#[test]
fn one_that_cannot_be_reached_is_blamed_for_that_alone() {
    for (group, name) in [("keeping", "every_kind_of_text_is_kept"), ("sharing", "namespaces_are_apart")] {
        let text = told(Fault::CannotBeReached, group, name);
        assert!(
            text.starts_with("the back-end cannot be opened, or its `check` fails, so that no promise"),
            "{text}"
        );
        assert!(
            text.contains("check_succeeds_and_changes_nothing") && text.contains("the password is wrong"),
            "{text}"
        );
    }
}

caught! {
    LosesThePreviousVersion in keeping: a_later_put_changes_no_earlier_version;
    AnswersTheFirstVersion in keeping: a_later_put_changes_no_earlier_version;
    CutsAtFourKibibytes in keeping: the_largest_payload_is_kept;
    CutsAtOneMebibyte in keeping: the_largest_payload_is_kept;
    BreaksWhatIsNotAscii in keeping: every_kind_of_text_is_kept;
    TrimsTheEnd in keeping: every_kind_of_text_is_kept;
    RefusesARepeat in keeping: a_repeated_put_changes_nothing;
    OverwritesWithALateRepeat in keeping: a_late_repeat_changes_nothing;
    MergesEqualPayloads in keeping: equal_payloads_are_two_versions;
    GivesLongNames in keeping: a_versions_name_fits;
    ShowsThePayloadInAnError in keeping: a_payload_over_the_limit_is_never_cut;
    CallsTheMissingUnavailable in keeping: a_version_that_is_not_there_is_not_found;
    TriesTheMissingAgain in keeping: a_version_that_is_not_there_is_not_found => "worth another try";
    LeavesTheMissingOutOfBulkReads in keeping: bulk_reads_answer_each_in_order;
    CutsLongLabels in keeping: labels_of_every_length_are_taken;
    IsAnotherPlaceAtEachOpening in keeping: info_is_truthful;
    TellsItsPassword in keeping: info_is_truthful => "a user in front of its host";
    TakesNothing in keeping: the_largest_payload_is_kept => "a call failed that must not: InvalidInput";
    LeavesAProbe in keeping: check_succeeds_and_changes_nothing;
    ForgetsDeletes in removing: a_deleted_object_is_gone_with_its_versions;
    ForgetsRemovals in removing: a_removed_version_is_gone_and_the_others_stay => "a removed version can be read";
    AnswersWhatWasReadBefore in removing: a_deleted_object_is_gone_with_its_versions => "can be read";
    KeepsTheOnlyVersion in removing: the_only_version_can_be_removed => "a removed version can be read";
    HangsWhenItRemoves in removing: the_newest_version_can_be_removed => "`remove` has no answer after 10s";
    RemovesAllVersions in removing: the_newest_version_can_be_removed;
    RemovesFromOtherObjects in sharing: objects_are_apart => "removed from another object cannot be read";
    RemovesFromOtherNamespaces in sharing: namespaces_are_apart => "removed from another namespace cannot be read";
    FailsToDeleteWhatIsGone in removing: deleting_what_is_gone_succeeds;
    FailsToRemoveWhatIsGone in removing: removing_what_is_gone_succeeds;
    FailsToRelabelWhatIsGone in removing: relabelling_what_is_gone_succeeds;
    KeepsOldLabels in removing: relabelling_leaves_the_versions_as_they_are;
    RelabelsOtherObjects in removing: relabelling_leaves_the_versions_as_they_are => "the labels of another object";
    RelabelsOtherNamespaces in sharing: namespaces_are_apart => "the labels of another namespace";
    ScansOnePage in scanning: every_version_is_found_page_after_page;
    SkipsTheRestOfAnObject in scanning: every_version_is_found_page_after_page => "versions were put";
    ScansWithoutTheLastVersion in scanning: an_acknowledged_version_is_in_a_scan_of_its_object;
    TellsAnotherAttempt in scanning: a_scan_tells_the_right_attempt;
    MarksTheFirstVersion in scanning: the_newest_is_marked => "the newest is ";
    LosesTheMarkToThePast in scanning: a_late_version_of_the_past_leaves_one_mark => "marked are []";
    MovesTheMarkWithALateRepeat in keeping: a_late_repeat_changes_nothing => "the newest is ";
    HidesWhatIsDamaged in scanning: a_damaged_object_hides_no_other => "a scan of all says that damaged are []";
    ShowsWhatIsDamagedAsEmpty in scanning: a_damaged_object_hides_no_other => "without versions, which may be deleted";
    FailsForAllIfOneIsDamaged in scanning: a_damaged_object_hides_no_other => "an object is damaged (call: scan)";
    MixesUpObjects in sharing: objects_are_apart;
    IgnoresItsNamespace in sharing: namespaces_are_apart;
    ForgetsWhenOpenedAgain in sharing: a_version_is_readable_at_once_through_any_opening;
    ServesOneReadAtATime in sharing: many_reads_at_once_are_answered;
    LocksEachOpeningAlone in sharing: openings_may_change_one_object_together => "what one opening put is not there";
    KeepsTheSlotOfADroppedRead in dropping: a_dropped_read_holds_nobody_up => "`get` has no answer after 1s";
    AnswersWhatADroppedReadAskedFor in dropping: a_dropped_read_holds_nobody_up => "version has changed";
    AnswersWhatADroppedScanAskedFor in dropping: a_dropped_read_holds_nobody_up => "a scan of one object shows another";
    TakesADroppedRelabelForDone in dropping: a_dropped_relabel_can_be_repeated => "it shows old labels";
    TakesADroppedRemovalForDone in dropping: a_dropped_removal_can_be_repeated => "a removed version can be read";
    LeavesTheLockOfADroppedDeletion in dropping: a_dropped_removal_can_be_repeated => "somebody else works";
    Hangs in sharing: many_reads_at_once_are_answered => "the last of them `get`";
}
