// A colour's picker and its text say the same: whichever is changed, the other one follows.

const HEX = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i;

function sixDigits(text) {
  const digits = text.trim().match(HEX)?.[1];
  return digits && `#${digits.length === 6 ? digits : digits.replace(/./g, "$&$&")}`;
}

document.addEventListener("input", ({ target }) => {
  const colour = target.closest(".colour");
  if (!colour) return;
  const [text, picker] = colour.querySelectorAll("input");
  if (target === picker) text.value = picker.value.toUpperCase();
  else if (sixDigits(text.value)) picker.value = sixDigits(text.value);
});
