// Rule: what is chosen, for the chat that is shown and for all: known here, changed here, and true to the server. What is
// chosen for the new chat is kept with its draft, until it begins.

import { changed, modelFor, takes } from "./model/choices.js";
import { erase, read, write } from "./model/storage.js";
import { ChatSettingsDialog } from "./view/chat_settings.js";
import { byId } from "./view/dom.js";
import { EraseDialog } from "./view/erasure.js";
import { ModelPicker } from "./view/model_picker.js";
import { SettingsDialog } from "./view/settings.js";
import { showTheme } from "./view/theme.js";

const IMAGES = "verbatim.model.images"; // whether who answered last takes images, until the server has said it
const LAST_MODEL = "verbatim.model"; // what was chosen last in this browser, for who has chosen none for all

export class Preferences {
  #offer = { models: null, silent: [] };
  #forAll = {};
  #here = {}; // of the chat that is shown
  #sessionId; // null is the new chat; undefined until it is known whose it is
  #loading = null; // the question that is open
  #underWay = null; // the model that was chosen for the chat that is shown, until the server has it
  #areTaken = null; // images, by who answers, as was told last

  /**
   * @param {{api: object, outbox: object, changes: object, onOffer: (offer: object) => void,
   *   onSession: (session: object) => void, onImages: (areTaken: boolean) => void,
   *   onProblem: (message: string) => void, onErased: () => Promise<void>}} options
   */
  constructor({ api, outbox, changes, onOffer, onSession, onImages, onProblem, onErased }) {
    Object.assign(this, { api, outbox, changes, onOffer, onSession, onImages, onProblem });
    this.picker = new ModelPicker({ onChoose: (model) => this.#chooseModel(model), onOpen: () => this.offerModels() });
    this.dialog = new SettingsDialog({
      onChange: (change) => this.#changeAll(change),
      onErase: () => this.erasure.open(),
    });
    this.chatDialog = new ChatSettingsDialog({ onChange: (change) => this.#changeHere(change) });
    this.erasure = new EraseDialog({
      onErase: async () => {
        await this.api.deleteMe();
        await onErased();
      },
    });
    byId("open-settings").addEventListener("click", () => this.#open(this.dialog));
    byId("open-chat-settings").addEventListener("click", () => this.#open(this.chatDialog));
    showTheme();
  }

  /** Forgets what this browser knows of the user's choices. */
  forget() {
    for (const key of [LAST_MODEL, IMAGES]) erase(key);
  }

  /** What the server says of a model on offer. */
  offered(id) {
    return this.#offer.models?.find((model) => model.id === id);
  }

  /** @returns {string | null} who answers; null leaves it to the server */
  get model() {
    return modelFor(this.#offer, [this.#here.model, this.#forAll.model, read(LAST_MODEL)]);
  }

  /** @returns {object | undefined} that model, as the server lists it */
  get answering() {
    const { models } = this.#offer;
    return models?.find(({ id }) => id === this.model) ?? models?.[0];
  }

  /** Whether who answers takes images. */
  get takesImages() {
    if (this.#offer.models === null) return read(IMAGES) === "yes";
    return this.answering?.["verbatim:images"] ?? false;
  }

  /** What a chat that is made now begins with; null: nothing. */
  get ofNewChat() {
    return this.#sessionId === null && Object.keys(this.#here).length > 0 ? this.#here : null;
  }

  /** A chat is shown, or news of it. */
  shown(sessionId, session) {
    if (sessionId !== this.#sessionId) {
      const isFirst = this.#sessionId === undefined;
      if (this.chatDialog.isOpen && !isFirst) this.chatDialog.close();
      const before = isFirst ? this.#here : {}; // chosen before it was known by whom
      this.#here = sessionId === null ? { ...this.outbox.chosen, ...before } : {};
      if (sessionId === null) this.outbox.chosen = this.#here;
      this.#underWay = null;
    }
    this.#sessionId = sessionId;
    // News of a moment ago do not know what is being chosen.
    if (session) this.#here = changed(session["verbatim:settings"] ?? {}, this.#underWay ?? {});
    this.#show();
  }

  /** What is chosen for all has changed, here or in another tab. */
  heard(settings) {
    this.#forAll = changed({}, settings);
    this.#show();
  }

  /** Asks for what is chosen for all; where that does not come, what is known stays. */
  load() {
    if (this.#offer.models === null) this.offerModels();
    this.#loading ??= this.api
      .settings()
      .then(({ object, ...settings }) => this.heard(settings))
      .catch(() => {})
      .finally(() => {
        this.#loading = null;
      });
    return this.#loading;
  }

  /** A server of models that does not answer keeps nobody from reading and writing. */
  async offerModels() {
    this.#offer = await this.api.models().catch(() => this.#offer);
    this.picker.offer(this.#offer);
    this.onOffer(this.#offer);
    this.#show();
  }

  #open(dialog) {
    this.offerModels();
    dialog.open();
    this.#show();
  }

  #show() {
    const { answering } = this;
    this.picker.show(this.model);
    this.#tellImages(this.takesImages);
    const from = { offer: this.#offer, takes: (name) => takes(answering, name), model: answering?.id ?? "" };
    if (this.dialog.isOpen) this.dialog.show(this.#forAll, from);
    if (this.chatDialog.isOpen)
      this.chatDialog.show(this.#sessionId ?? null, this.#here, { ...from, above: this.#forAll });
    byId("open-chat-settings").classList.toggle("chosen", hasMoreThanModel(this.#here));
  }

  #tellImages(areTaken) {
    if (areTaken === this.#areTaken) return;
    this.#areTaken = areTaken;
    write(IMAGES, areTaken ? "yes" : "no");
    this.onImages(areTaken);
  }

  async #changeAll(change) {
    const { object, ...settings } = await this.api.changeSettings(change);
    this.heard(settings);
  }

  async #changeHere(change) {
    if (!this.#sessionId) {
      this.#here = changed(this.#here, change);
      if (this.#sessionId === null) this.outbox.chosen = this.#here;
      return this.#show();
    }
    this.onSession(await this.changes.choose(this.#sessionId, change));
  }

  // Shown at once: the next message may be on its way before the server has answered.
  async #chooseModel(model) {
    write(LAST_MODEL, model);
    const [sessionId, before] = [this.#sessionId, this.#here];
    const choice = { model };
    this.#here = changed(this.#here, choice);
    if (sessionId) this.#underWay = choice;
    this.#show();
    try {
      await this.#changeHere(choice);
    } catch (error) {
      if (sessionId === this.#sessionId) this.#here = before;
      this.#show();
      this.onProblem(error.message);
    } finally {
      if (this.#underWay === choice) this.#underWay = null;
    }
  }
}

const hasMoreThanModel = ({ model, ...rest }) => Object.keys(rest).length > 0;
