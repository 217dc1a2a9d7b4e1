import pytest

from watchdog.text.refusal import is_refusal


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I’m sorry, but I can’t assist with that request.",
        "Sorry, I cannot comply with this request.",
        "Unfortunately, I am unable to assist you with this.",
        "I'm unable to help with that.",
        "As an AI language model, I cannot provide medical advice.",
        "I'm not comfortable discussing that topic.",
        "I must decline this request.",
        "I won't provide instructions for that.",
        "I cannot answer that.",
        "I can't help with that because the document contains no such thing.",
        "This request goes against my guidelines.",
        "I cannot share that.",
        "Es tut mir leid, aber ich kann dir dabei nicht helfen.",
        "Dabei kann ich Ihnen leider nicht weiterhelfen.",
        "Ich kann diese Anfrage nicht erfüllen.",
        "Désolé, mais je ne peux pas vous aider avec cela.",
        "Lo siento, pero no puedo ayudarte con eso.",
        "Mi dispiace, ma non posso aiutarti con questo.",
        "Desculpe, mas não posso ajudar com isso.",
        "Sorry, ik kan je daar niet bij helpen.",
        "Przykro mi, ale nie mogę w tym pomóc.",
        "Извините, я не могу помочь с этим.",
        "抱歉,我无法协助满足该请求。",
        "申し訳ありませんが、そのご要望にはお答えできません。",
        "죄송하지만 그 요청은 도와드릴 수 없습니다.",
        "Üzgünüm, bu konuda yardımcı olamam.",
        "عذراً، لا أستطيع المساعدة في ذلك.",
    ],
)
def test_turning_the_task_down_is_a_refusal(text):
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Paris is the capital of France.",
        "The document does not say when the contract was signed.",
        "I cannot answer that from the given context: it does not mention the price.",
        "I don't know.",
        "I can't find the order number in your mail; could you send it again?",
        "I cannot determine the date from the provided text.",
        "I'm sorry, but the context does not contain this information.",
        "I'm sorry for the delay. Your parcel left our warehouse today, and I can help with the refund.",
        "I can't help but notice that your invoice is missing a page.",
        "We cannot refund opened software, but you may exchange it within 30 days.",
        "Unfortunately we are unable to deliver on Sundays.",
        "As an AI assistant, I can't taste food, but here is a recipe that people love.",
        "The customer says: they will not help.",
        '{"category": "billing", "refund": false}',
        "If the valve is closed, you can't assist the pump by hand.",
        "Ich kann das Datum im Dokument nicht finden.",
        "Le contexte ne précise pas la date.",
        "No puedo encontrar la fecha en el documento.",
        "Here is the letter you asked for. " + "It goes on. " * 30 + "He said: I can't help with that.",
    ],
)
def test_an_answer_is_not_a_refusal(text):
    assert not is_refusal(text)
