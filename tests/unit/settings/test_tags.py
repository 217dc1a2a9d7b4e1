"""Tags as metrics, and weights in the false-alarm budget."""


def test_tags_are_observed_and_page_only_when_asked_to(folder):
    watch = folder.watch("tags: [billing, refunds, billing]\npaging_tags: [refunds]")
    assert watch.tags == ("billing", "refunds")
    assert watch.paging_tags == ("refunds",)
    assert folder.watch().tags == folder.watch().paging_tags == ()


def test_a_paging_tag_must_be_one_of_the_tags(folder):
    [problem] = folder.problems(
        """\
        watches:
          reply:
            cases: { golden: g }
            current: { provider: local, model: m }
            scorers: [answered]
            tags: [refunds]
            paging_tags: [refund]
        """
    )
    assert "watches.reply.paging_tags: 'refund' is not in tags" in problem
    assert "refunds" in problem.rpartition("is not in tags")[2]


def test_traffic_has_no_tags(folder):
    [problem] = folder.problems(
        """\
        watches:
          reply:
            cases: { traffic: { path: t.jsonl } }
            current: { provider: local, model: m }
            scorers: [answered]
            tags: [refunds]
        """
    )
    assert "watches.reply.tags: need a golden set" in problem


def test_a_scorer_has_a_weight_in_the_budget(folder):
    settings = folder.settings(
        """\
        watches:
          reply:
            cases: { golden: g }
            current: { provider: local, model: m }
            scorers: [ answered: { weight: 3 }, not-refusal ]
        """
    )
    assert [scorer.weight for scorer in settings.watches["reply"].scorers] == [3.0, 1.0]


def test_a_weight_is_more_than_nothing(folder):
    [problem] = folder.problems(
        """\
        watches:
          reply:
            cases: { golden: g }
            current: { provider: local, model: m }
            scorers: [ { answered: { weight: 0 } } ]
        """
    )
    assert "must be more than 0" in problem
