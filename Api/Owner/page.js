// All of this can be missing: the forms work without it.
'use strict';
const said = document.getElementById('said');
if (said) {
  said.focus({ preventScroll: false });
  // What was said is said once: loading the page again does not say it again.
  const here = new URL(location.href);
  here.searchParams.delete('said');
  history.replaceState(null, '', here.pathname + here.search);
}

// A photo straight from a telephone has megabytes, and the place where it was taken: a smaller copy has neither.
const longest = 2000;
async function smaller(file) {
  if (!/^image\/(jpeg|png|webp)$/.test(file.type) || file.size < 600000 || !self.createImageBitmap) return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
    const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, 'image/jpeg', 0.85));
    return blob && blob.size < file.size ? new File([blob], file.name.replace(/\.\w+$/, '') + '.jpg', { type: 'image/jpeg' }) : file;
  } catch {
    return file;
  }
}

// What is on its way to being smaller is waited for, so that the place where it was taken does not go along.
let ready;
document.documentElement.classList.add('scripted');
for (const input of document.querySelectorAll('input[type=file]')) {
  const chosen = input.parentElement.querySelector('.chosen');
  const none = chosen.textContent;
  const say = () => { chosen.textContent = [...input.files].map((f) => f.name).join(', ') || none; };
  say();
  const shrink = async (chosen) => {
    const small = await Promise.all(chosen.map(smaller));
    const others = input.files.length !== chosen.length || [...input.files].some((f, i) => f !== chosen[i]); // chosen anew meanwhile
    if (!others && small.some((f, i) => f !== chosen[i]) && self.DataTransfer) {
      const all = new DataTransfer();
      for (const file of small) all.items.add(file);
      input.files = all.files;
    }
    if ([...input.files].some((f) => f.size > Number(input.dataset.most))) {
      input.setCustomValidity(document.body.dataset.large);
      input.reportValidity();
    }
  };
  input.addEventListener('change', () => {
    input.setCustomValidity('');
    say();
    const shrunk = shrink([...input.files]).catch(() => {});
    const all = Promise.all([ready, shrunk]).then(() => { if (ready === all) ready = undefined; });
    ready = all;
  });
}

for (const form of document.forms) {
  form.addEventListener('submit', (e) => {
    if (form.dataset.sent) return e.preventDefault();
    if (ready) {
      e.preventDefault();
      const button = e.submitter ?? form.querySelector('button');
      ready.then(() => button.click());
      return;
    }
    form.dataset.sent = '1';
    // After the browser has read the form: a disabled button's own value would not be sent.
    setTimeout(() => {
      for (const button of form.querySelectorAll('button')) button.disabled = true;
      (e.submitter ?? form.querySelector('button')).textContent = document.body.dataset.wait;
    });
  });
}
// Coming back by the browser's own button shows the page as it was left.
addEventListener('pageshow', (e) => { if (e.persisted) location.reload(); });
