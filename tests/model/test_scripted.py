from orchestrator.model.scripted import ScriptedModel


def test_rules_are_plain_data_without_what_was_left_out():
    rules = [{"user": "hi", "reply": "hello"}, {"after": "quiz", "call": [{"name": "quiz"}], "delay_ms": 5}]
    model = ScriptedModel.model_validate({"name": "*", "rules": rules})
    assert model.to_rules() == [
        {"user": "hi", "reply": "hello", "cite": False, "delay_ms": 0},
        {"after": "quiz", "call": [{"name": "quiz", "arguments": {}}], "cite": False, "delay_ms": 5},
    ]
