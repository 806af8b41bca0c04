// Passkeys: <form data-passkey="create" or "get" data-options="…">. What the authenticator answers is sent as the
// form's field `credential`. The form stays hidden where the browser knows no passkeys.

async function answer(form) {
  const options = JSON.parse(form.dataset.options);
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  return JSON.stringify(credential.toJSON());
}

async function onSubmit(event) {
  event.preventDefault();
  const form = event.target;
  const status = form.querySelector("[role=alert]");
  status.hidden = true;
  try {
    form.elements.credential.value = await answer(form);
  } catch (error) {
    // InvalidStateError: the authenticator has a passkey of this account already.
    status.textContent = error.name === "InvalidStateError" ? form.dataset.known : form.dataset.failed;
    status.hidden = false;
    return;
  }
  form.submit();
}

const isKnown = Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON);
for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = !isKnown;
  form.addEventListener("submit", onSubmit);
}
for (const note of document.querySelectorAll("[data-without-passkeys]")) note.hidden = isKnown;
