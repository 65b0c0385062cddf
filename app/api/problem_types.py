"""Every problem the API may answer with: status, title and explanation in both languages. The one list."""

from __future__ import annotations

from dataclasses import dataclass

from foundation.bilingual import Text

PROBLEM_PATH = "/problems"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """``slug`` is the last part of the type's URI; ``detail`` says what happened and how to fix it."""

    slug: str
    status: int
    title: Text
    detail: Text

    @property
    def uri(self) -> str:
        return f"{PROBLEM_PATH}/{self.slug}"


INVALID_JSON = ProblemType(
    "invalid-json",
    400,
    Text("The body is not JSON", "O corpo não é JSON"),
    Text(
        "The body could not be read as one JSON document. Send a JSON object in UTF-8.",
        "Não foi possível ler o corpo como um documento JSON. Envie um objeto JSON em UTF-8.",
    ),
)
INVALID_ENCODING = ProblemType(
    "invalid-encoding",
    400,
    Text("The body is not UTF-8", "O corpo não está em UTF-8"),
    Text(
        "The body contains bytes that are not UTF-8. Encode the JSON document in UTF-8.",
        "O corpo contém bytes que não são UTF-8. Codifique o documento JSON em UTF-8.",
    ),
)
INVALID_BODY = ProblemType(
    "invalid-body",
    422,
    Text("Some fields cannot be accepted", "Há campos que não podem ser aceitos"),
    Text(
        "The body is JSON, but not what this operation expects. errors lists every field to fix.",
        "O corpo é JSON, mas não o que esta operação espera. errors lista cada campo a corrigir.",
    ),
)
INVALID_CPF = ProblemType(
    "invalid-cpf",
    422,
    Text("The CPF is not valid", "O CPF não é válido"),
    Text(
        "A CPF has eleven digits, the last two of which are check digits. For privacy, the number "
        "you sent is not repeated here.",
        "Um CPF tem onze dígitos, e os dois últimos são verificadores. Por privacidade, o número "
        "enviado não é repetido aqui.",
    ),
)
CPF_IN_CLEAR = ProblemType(
    "cpf-in-clear",
    422,
    Text("A CPF is not allowed there", "CPF não é permitido nesse campo"),
    Text(
        "A field that is stored and logged unencrypted contains what looks like a CPF. Send the "
        "number only in the cpf field, and use your own identifiers elsewhere.",
        "Um campo gravado e registrado em log sem criptografia contém o que parece ser um CPF. Envie "
        "o número somente no campo cpf e use identificadores próprios nos demais.",
    ),
)
UNKNOWN_POLICY = ProblemType(
    "unknown-policy",
    422,
    Text("No such credit policy", "Política de crédito desconhecida"),
    Text(
        "No credit policy has that name or id. GET /v1/policies lists them all.",
        "Nenhuma política de crédito tem esse nome ou id. GET /v1/policies lista as existentes.",
    ),
)
CUSTOMER_NOT_FOUND = ProblemType(
    "customer-not-found",
    404,
    Text("No such customer", "Cliente não encontrado"),
    Text(
        "No customer matches what you sent. Register customers with POST /v1/records; a new one may "
        "take a few seconds to appear.",
        "Nenhum cliente corresponde ao que foi enviado. Cadastre clientes com POST /v1/records; um "
        "cliente novo pode levar alguns segundos para aparecer.",
    ),
)
DECISION_NOT_FOUND = ProblemType(
    "decision-not-found",
    404,
    Text("No such decision", "Decisão não encontrada"),
    Text(
        "No decision has that id. Use an id that POST /v1/decisions returned.",
        "Nenhuma decisão tem esse id. Use um id devolvido por POST /v1/decisions.",
    ),
)
NOTHING_TO_DISBURSE = ProblemType(
    "nothing-to-disburse",
    409,
    Text("The decision cannot be paid out", "A decisão não pode ser desembolsada"),
    Text(
        "Only an approval that was not degraded can be paid out. Submit the application again, or "
        "have it reviewed.",
        "Somente uma aprovação não degradada pode ser desembolsada. Envie a proposta de novo ou peça "
        "uma revisão.",
    ),
)
DISBURSEMENT_NOT_FOUND = ProblemType(
    "disbursement-not-found",
    404,
    Text("No such disbursement", "Desembolso não encontrado"),
    Text(
        "Nobody has requested a disbursement of this decision yet. Request it with a POST to the same URL.",
        "Ninguém pediu o desembolso desta decisão ainda. Peça com um POST na mesma URL.",
    ),
)
IDEMPOTENCY_KEY_MISSING = ProblemType(
    "idempotency-key-missing",
    400,
    Text("Idempotency-Key is missing", "Falta o cabeçalho Idempotency-Key"),
    Text(
        "Send an Idempotency-Key header: a new value for each application, the same value when you retry.",
        "Envie o cabeçalho Idempotency-Key: um valor novo a cada proposta, o mesmo valor ao tentar de novo.",
    ),
)
IDEMPOTENCY_KEY_INVALID = ProblemType(
    "idempotency-key-invalid",
    400,
    Text("Idempotency-Key is malformed", "Idempotency-Key malformado"),
    Text(
        "An Idempotency-Key is 1 to 128 letters, digits, '.', '_', ':' or '-', sent once, with or "
        "without quotes. A UUID is a good choice.",
        "Um Idempotency-Key tem de 1 a 128 letras, dígitos, '.', '_', ':' ou '-', enviado uma só "
        "vez, com ou sem aspas. Um UUID é uma boa escolha.",
    ),
)
IDEMPOTENCY_KEY_REUSED = ProblemType(
    "idempotency-key-reused",
    422,
    Text("Idempotency-Key was used with another body", "Idempotency-Key já usado com outro corpo"),
    Text(
        "This key already belongs to another request. Use a new key for a new application.",
        "Esta chave já pertence a outro pedido. Use uma chave nova para uma proposta nova.",
    ),
)
INVALID_PARAMETER = ProblemType(
    "invalid-parameter",
    400,
    Text("A parameter cannot be accepted", "Um parâmetro não pode ser aceito"),
    Text(
        "A query parameter or path part is not what this operation expects; see errors.",
        "Um parâmetro da consulta ou parte do caminho não é o que esta operação espera; veja errors.",
    ),
)
BODY_TOO_LARGE = ProblemType(
    "body-too-large",
    413,
    Text("The body is too large", "O corpo é grande demais"),
    Text(
        "The body is larger than {limit} bytes. Send a smaller body.",
        "O corpo é maior que {limit} bytes. Envie um corpo menor.",
    ),
)
BODY_TOO_SLOW = ProblemType(
    "body-too-slow",
    408,
    Text("The body took too long", "O corpo demorou demais"),
    Text(
        "The whole body did not arrive within {seconds:g} seconds. Send the request again.",
        "O corpo inteiro não chegou em {seconds:g} segundos. Envie o pedido de novo.",
    ),
)
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    "unsupported-media-type",
    415,
    Text("The content type is not accepted", "Tipo de conteúdo não aceito"),
    Text(
        "Send the body as application/json, not compressed.",
        "Envie o corpo como application/json, sem compressão.",
    ),
)
UNAUTHENTICATED = ProblemType(
    "unauthenticated",
    401,
    Text("An API key is needed", "É preciso uma chave de API"),
    Text(
        "No valid API key came with the request. Send it as Authorization: Bearer mk_... or X-Api-Key.",
        "O pedido não trouxe uma chave de API válida. Envie-a em Authorization: Bearer mk_... ou X-Api-Key.",
    ),
)
FORBIDDEN = ProblemType(
    "missing-scope",
    403,
    Text("The API key may not do this", "A chave de API não permite esta operação"),
    Text(
        "The API key lacks the scope {scope}. Ask for a key that has it.",
        "A chave de API não tem o escopo {scope}. Peça uma chave que o tenha.",
    ),
)
RATE_LIMITED = ProblemType(
    "rate-limited",
    429,
    Text("Too many requests from this API key", "Pedidos demais desta chave de API"),
    Text(
        "This API key exceeded its rate limit. Wait for the time in Retry-After.",
        "Esta chave de API excedeu seu limite de pedidos. Espere o tempo indicado em Retry-After.",
    ),
)
STORE_UNAVAILABLE = ProblemType(
    "store-unavailable",
    503,
    Text("A store is unavailable", "Um banco de dados está indisponível"),
    Text(
        "The {store} store did not answer, and nothing was recorded. Send the same request with the same "
        "Idempotency-Key after the time in Retry-After.",
        "O banco {store} não respondeu, e nada foi gravado. Envie o mesmo pedido com o mesmo Idempotency-Key "
        "após o tempo em Retry-After.",
    ),
)
OVERLOADED = ProblemType(
    "overloaded",
    503,
    Text("Too many requests in progress", "Sobrecarga"),
    Text(
        "The service is handling as many decisions as it can, and nothing was recorded. Send the "
        "same request with the same Idempotency-Key after the time in Retry-After.",
        "O serviço já está processando o máximo de decisões que suporta, e nada foi gravado. Envie o mesmo "
        "pedido com o mesmo Idempotency-Key após o tempo em Retry-After.",
    ),
)
NOT_FOUND = ProblemType(
    "not-found",
    404,
    Text("There is nothing here", "Não há nada aqui"),
    Text(
        "No operation has this path. /docs lists all operations.",
        "Nenhuma operação tem este caminho. /docs lista todas.",
    ),
)
METHOD_NOT_ALLOWED = ProblemType(
    "method-not-allowed",
    405,
    Text("The method is not allowed here", "O método não é permitido aqui"),
    Text(
        "This path exists, but not with this method. The Allow header lists the methods it accepts.",
        "Este caminho existe, mas não aceita este método. O cabeçalho Allow lista os aceitos.",
    ),
)
UNKNOWN_STORE = ProblemType(
    "unknown-store",
    404,
    Text("No such store", "Banco de dados desconhecido"),
    Text("The stores are: {stores}.", "Os bancos são: {stores}."),
)
INTERNAL_ERROR = ProblemType(
    "internal-error",
    500,
    Text("Something went wrong on our side", "Algo deu errado do nosso lado"),
    Text(
        "The failure was logged with the trace id of this response. It is safe to send the same "
        "request with the same Idempotency-Key again.",
        "A falha foi registrada com o trace id desta resposta. É seguro enviar de novo o mesmo pedido com o "
        "mesmo Idempotency-Key.",
    ),
)

PROBLEM_TYPES: dict[str, ProblemType] = {
    kind.slug: kind for kind in list(globals().values()) if isinstance(kind, ProblemType)
}
