// Rule: takes images that go with the next message: chosen, pasted or dropped, where the model takes any, and says so
// where it takes none. Each is seen, and can be removed, before it is sent.

import { accepted, smallImage } from "../shrink.js";
import { t } from "../text.js";
import { h, iconButton } from "./dom.js";

export class Attachments {
  #images = []; // data URLs
  #isOffered = false;
  #names = new Map(); // of the files that images of this page come from
  #picker = h("input", { type: "file", accept: accepted, multiple: true, hidden: true });

  /** @param {{element: HTMLElement, button: HTMLButtonElement, input: HTMLElement, area: HTMLElement, onChange: () => void, onAttach: (images: string[]) => void, onLate: (place: object, image: string) => void, onProblem: (message: string) => void}} options */
  constructor({ element, button, input, area, onChange, onAttach, onLate, onProblem }) {
    Object.assign(this, { element, button, input, onChange, onAttach, onLate, onProblem });
    this.place = null; // stands for the chat that is shown
    this.ready = null; // while images are being made small: the promise of whether all of them could be
    this.most = 8; // set once the server has said it
    button.after(this.#picker);
    button.addEventListener("click", () => this.#picker.click());
    this.#picker.addEventListener("change", () => this.#choose());
    input.addEventListener("paste", (event) => isText(event.clipboardData) || this.#take(event, event.clipboardData));
    // A file that nobody takes would be opened by the browser, in the place of the page.
    area.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
    area.addEventListener("drop", (event) => this.#take(event, event.dataTransfer));
  }

  get images() {
    return this.#images;
  }

  set images(images) {
    this.#images = images;
    this.element.replaceChildren(...images.map((image, at) => this.#thumbnail(image, at)));
    this.element.hidden = images.length === 0;
    this.onChange();
  }

  /** What the images' files are called; "" where that is not known any more. */
  get names() {
    return this.#images.map((image) => this.#names.get(signOf(image)) ?? "");
  }

  /** The user's own act: it is told. */
  change(images) {
    this.images = images;
    this.onAttach(images);
  }

  /** Whether the model that was chosen takes images. What is attached already stays until it is removed. */
  offer(isOffered) {
    this.#isOffered = isOffered;
    this.button.hidden = !isOffered;
  }

  #take(event, data) {
    const files = [...(data?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    if (this.#isOffered) this.#add(files);
    else this.onProblem(t("composer.noImages"));
  }

  #choose() {
    this.#add([...this.#picker.files]);
    this.#picker.value = "";
    this.input.focus();
  }

  // One batch after the other, so that images stand in the order in which they came.
  #add(files) {
    const { place } = this; // to make a photo small takes a moment, and the reader may be elsewhere by then
    const ready = Promise.resolve(this.ready)
      .then(() => this.#addAll(files, place))
      .finally(() => {
        if (this.ready === ready) this.ready = null;
      });
    this.ready = ready;
  }

  async #addAll(files, place) {
    let isWhole = true;
    const refuse = (problem) => {
      isWhole = false;
      this.onProblem(problem);
    };
    for (const file of files) {
      try {
        const image = await smallImage(file);
        this.#names.set(signOf(image), file.name);
        if (place !== this.place) this.onLate(place, image);
        else if (this.#images.length < this.most) this.change([...this.#images, image]);
        else refuse(t("composer.tooManyImages", { count: this.most }));
      } catch {
        refuse(t("composer.noImage", { name: file.name }));
      }
    }
    return isWhole;
  }

  #thumbnail(image, at) {
    const number = at + 1;
    const remove = () => {
      this.change(this.#images.toSpliced(at, 1));
      this.input.focus();
    };
    return h(
      "div",
      { class: "thumbnail" },
      h("img", { src: image, alt: t("message.image", { number }) }),
      iconButton("close", t("composer.removeImage", { number }), remove),
    );
  }
}

// Words that come with an image of themselves, as cells of a table do, are there as HTML too; the name of a file is not.
const isText = (data) => Boolean(data?.getData("text/html") && data.getData("text/plain"));

// Enough to tell images apart by, and little enough to be remembered of each.
const signOf = (image) => `${image.length} ${image.slice(-64)}`;

const hasFiles = ({ dataTransfer }) => [...(dataTransfer?.types ?? [])].includes("Files");
