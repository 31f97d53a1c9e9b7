// Rule: wiring only. What each part does stands in its own module.

import { Api } from "./api.js";
import { Conversations } from "./conversations.js";
import { USUAL_LIMIT_BYTES } from "./model/frame.js";
import { Outbox } from "./model/outbox.js";
import { SessionList } from "./model/sessions.js";
import { titleOf } from "./model/title.js";
import { Page } from "./page.js";
import { SessionPages } from "./session_pages.js";
import { Socket } from "./socket.js";
import { Composer } from "./view/composer.js";
import { ConnectionLine } from "./view/connection.js";
import { ConversationView } from "./view/conversation.js";
import { confirmDeletion, LoginDialog } from "./view/dialogs.js";
import { byId } from "./view/dom.js";
import { Drawer } from "./view/drawer.js";
import { MemoryDialog } from "./view/memory.js";
import { ModelPicker } from "./view/model_picker.js";
import { Scroller } from "./view/scroller.js";
import { SearchDialog } from "./view/search.js";
import { SessionListView } from "./view/session_list.js";
import { speak } from "./view/words.js";

const MESSAGE_TOO_BIG = 1009; // RFC 6455 §7.4.1

speak();

const api = new Api({ onUnauthorized: () => login.ask() });
const login = new LoginDialog({ logIn, onDone: loggedIn });
const outbox = new Outbox();
const sessions = new SessionList();
const line = new ConnectionLine(byId("connection"));
const picker = new ModelPicker({
  select: byId("model"),
  onChange: () => composer.attachments.offer(picker.takesImages),
});
const memory = new MemoryDialog({
  api,
  titleOf: (sessionId) => titleOf(sessions.get(sessionId)),
  onOpen: (sessionId) => page.open(sessionId),
});
const search = new SearchDialog({ api, onOpen: (sessionId, itemId) => page.openAt(sessionId, itemId) });
const drawer = new Drawer({
  drawer: byId("drawer"),
  opener: byId("open-drawer"),
  scrim: byId("scrim"),
  rest: byId("main"),
});
const scroller = new Scroller({ element: byId("scroll"), button: byId("to-end") });

const socket = new Socket({
  url: `${location.origin.replace(/^http/, "ws")}/v1/responses`,
  onOpen: reconnected,
  onFrame: (frame) => conversations.receive(frame),
  onAway: lost,
});

const conversations = new Conversations({
  socket,
  api,
  outbox,
  onChange: (transcript) => page.transcriptChanged(transcript),
  onProblem: (message, transcript) => page.problem(message, transcript),
  onNews: heard,
});

const conversation = new ConversationView({
  element: byId("transcript"),
  scroller,
  live: byId("live"),
  acts: {
    onSendAgain: (messageId) => page.sendAgain(messageId),
    onTakeBack: (messageId) => page.takeBack(messageId),
    onMissing: (itemId) => page.showPath(itemId),
    onShowFacts: (ids) => memory.open(ids),
  },
});

const composer = new Composer({
  form: byId("composer"),
  attachments: { element: byId("attachments"), button: byId("attach"), area: byId("main") },
  onSend: (text, images) => page.send(text, images),
  onEdit: (text) => page.drafted(text),
  onStop: () => page.stop(),
  onProblem: (message) => page.problem(message),
});

const pages = new SessionPages({
  api,
  sessions,
  onChange: () => page.sessionsChanged(),
  onProblem: (message) => page.problem(message),
});

const list = new SessionListView({
  element: byId("sessions"),
  onMore: () => pages.more(),
  onOpen: (sessionId) => page.open(sessionId),
  onRename: (session, title) => page.rename(session, title),
  onDelete: async (session) => (await confirmDeletion(titleOf(session))) && page.remove(session),
});

const page = new Page({
  api,
  outbox,
  sessions,
  pages,
  list,
  conversations,
  conversation,
  composer,
  drawer,
  model: () => picker.model,
});

byId("new-chat").addEventListener("click", () => page.open(null));
byId("open-search").addEventListener("click", () => search.open());
byId("open-memory").addEventListener("click", () => memory.open());
byId("log-out").addEventListener("click", logOut);

function heard(frame) {
  if (frame.type === "verbatim:conversation.updated") sessions.upsert(frame.conversation);
  else sessions.remove(frame.conversation);
  page.sessionsChanged();
  if (frame.type === "verbatim:conversation.deleted") page.sessionGone(frame.conversation);
}

function reconnected() {
  line.back();
  conversations.resume();
  pages.refresh();
}

function lost(code) {
  line.away();
  if (code === MESSAGE_TOO_BIG) conversations.refuseLargest();
  // A handshake that was refused looks like a network that is away: asking over HTTP tells them apart.
  api.whoAmI().catch(() => {});
}

// The first answer carries the cookie that says who this browser is, so nothing else is asked before it.
async function begin() {
  try {
    const me = await api.whoAmI();
    if (me["verbatim:keys"]) offerLogOut();
    outbox.user = me.id ?? "";
    composer.attachments.most = me["verbatim:max_images"] ?? composer.attachments.most;
    conversations.maxFrameBytes = me["verbatim:max_frame_bytes"] ?? USUAL_LIMIT_BYTES;
  } catch (error) {
    if (error.status !== 401) page.problem(error.message);
    return;
  }
  page.begin();
  socket.start();
  composer.focus();
  offerModels();
}

async function logIn(key) {
  await api.logIn(key);
  await begin();
}

function loggedIn() {
  offerLogOut();
  composer.focus();
}

function offerLogOut() {
  byId("log-out").hidden = false;
}

// Whoever comes next to this browser finds neither the chats nor what was half written.
async function logOut() {
  try {
    await api.logOut();
    outbox.clear();
    location.assign("/");
  } catch (error) {
    page.problem(error.message);
  }
}

// A server of models that does not answer keeps nobody from reading and writing.
async function offerModels() {
  picker.offer(await api.models().catch(() => []));
}

begin();
