// Moves the token behind the # of an invitation into the form; it is never sent in an address.
"use strict";

const form = document.getElementById("invitation");
const token = location.hash.slice(1);
if (form && token) {
  // Neither the history nor whoever looks over the shoulder keeps it.
  history.replaceState(null, "", location.pathname);
  form.elements.token.value = token;
  form.requestSubmit();
}
