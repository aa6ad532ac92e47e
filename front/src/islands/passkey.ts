// Passkeys: asks the browser to make or use one and sends its answer with the form.
import { csrf, toast } from "../lib/dom";
import { say } from "../lib/words";

type Json = Record<string, unknown>;

const bytes = (text: string): ArrayBuffer => {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0)).buffer;
};
const text = (data: ArrayBuffer | null): string | undefined =>
  data === null ? undefined : btoa(String.fromCharCode(...new Uint8Array(data)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

interface Named { id: string; type: PublicKeyCredentialType }
const named = (list: unknown): PublicKeyCredentialDescriptor[] =>
  ((list as Named[] | undefined) ?? []).map((item) => ({ type: item.type, id: bytes(item.id) }));

async function create(given: Json): Promise<Json> {
  const user = given.user as { id: string; name: string; displayName: string };
  const made = (await navigator.credentials.create({
    publicKey: {
      ...(given as unknown as PublicKeyCredentialCreationOptions),
      challenge: bytes(given.challenge as string),
      user: { ...user, id: bytes(user.id) },
      excludeCredentials: named(given.excludeCredentials),
    },
  })) as PublicKeyCredential;
  const answer = made.response as AuthenticatorAttestationResponse;
  return {
    id: made.id, rawId: text(made.rawId), type: made.type, clientExtensionResults: {},
    response: { clientDataJSON: text(answer.clientDataJSON), attestationObject: text(answer.attestationObject) },
  };
}

async function use(given: Json): Promise<Json> {
  const found = (await navigator.credentials.get({
    publicKey: {
      ...(given as unknown as PublicKeyCredentialRequestOptions),
      challenge: bytes(given.challenge as string),
      allowCredentials: named(given.allowCredentials),
    },
  })) as PublicKeyCredential;
  const answer = found.response as AuthenticatorAssertionResponse;
  return {
    id: found.id, rawId: text(found.rawId), type: found.type, clientExtensionResults: {},
    response: {
      clientDataJSON: text(answer.clientDataJSON), authenticatorData: text(answer.authenticatorData),
      signature: text(answer.signature), userHandle: text(answer.userHandle),
    },
  };
}

export function start(place: HTMLElement): void {
  const form = place as HTMLFormElement;
  const field = form.elements.namedItem("answer") as HTMLInputElement;
  form.addEventListener("submit", (event) => {
    if (field.value) return;
    event.preventDefault();
    void (async () => {
      try {
        const asked = await fetch(form.dataset.options ?? "", { method: "POST", headers: { "X-CSRFToken": csrf() } });
        if (asked.redirected) { location.assign(asked.url); return; }
        const options = (await asked.json()) as Json;
        const answer = form.dataset.kind === "create" ? await create(options) : await use(options);
        field.value = JSON.stringify(answer);
        form.submit();
      } catch {
        toast(say("The passkey was not used. Try once more, or sign in with your password.",
          "Chưa dùng được khóa truy cập. Hãy thử lại, hoặc đăng nhập bằng mật khẩu."), "bad");
      }
    })();
  });
}
