// Rule: wiring only. What each part does stands in its own module.

import { Acts } from "./acts.js";
import { Api } from "./api.js";
import { Attached } from "./attached.js";
import { ChatChanges } from "./chat_changes.js";
import { Conversations } from "./conversations.js";
import { Departure } from "./departure.js";
import { HalfWritten } from "./half_written.js";
import { keepForLater } from "./installation.js";
import { Me } from "./me.js";
import { DraftImages } from "./model/draft_images.js";
import { Outbox } from "./model/outbox.js";
import { inTheseWords } from "./model/refusal.js";
import { titleOf } from "./model/title.js";
import { Neighbours } from "./neighbours.js";
import { OutboxStore } from "./outbox_store.js";
import { Page } from "./page.js";
import { Preferences } from "./preferences.js";
import { Side } from "./side.js";
import { Socket } from "./socket.js";
import { ArchivedMark } from "./view/archived_mark.js";
import { Composer } from "./view/composer.js";
import { ConnectionLine } from "./view/connection.js";
import { ConversationView } from "./view/conversation.js";
import { byId } from "./view/dom.js";
import { Drawer } from "./view/drawer.js";
import { FirstRun } from "./view/first_run.js";
import { LoginDialog } from "./view/login.js";
import { MemoryDialog } from "./view/memory.js";
import { Scroller } from "./view/scroller.js";
import { SearchDialog } from "./view/search.js";
import { Shortcuts } from "./view/shortcuts.js";
import { followTheme } from "./view/theme.js";
import { fitAboveKeyboard } from "./view/visible_height.js";
import { speak } from "./view/words.js";

const MESSAGE_TOO_BIG = 1009; // RFC 6455 §7.4.1

speak();

const api = new Api({ onUnauthorized: () => login.ask() });
const login = new LoginDialog({ logIn, onDone: loggedIn });
const me = new Me({ api, onKnown: begin, onAway: () => line.away(), onProblem: (message) => page.problem(message) });
const departure = new Departure(leftElsewhere);
const outbox = new Outbox(new OutboxStore(), new DraftImages(OutboxStore.ofImages()));
const changes = new ChatChanges({ api, outbox, conversations: () => conversations });
const side = new Side({
  api,
  changes,
  user: () => outbox.user,
  page: () => page,
  onSearch: (words) => search.open(words),
});
const { sessions, pages } = side;
const line = new ConnectionLine({ element: byId("connection"), outbox });
const firstRun = new FirstRun({ api });
const preferences = new Preferences({
  api,
  outbox,
  changes,
  onOffer: (offer) => firstRun.show({ offer, mayDetect: me.mayDetect, hasKeys: me.hasKeys }),
  onSession: (session) => {
    sessions.upsert(session);
    page.sessionsChanged();
  },
  onImages: (areTaken) => composer.attachments.offer(areTaken),
  onProblem: (message) => page.problem(message),
  onErased: leave,
});
const memory = new MemoryDialog({
  api,
  titleOf: (sessionId) => titleOf(sessions.get(sessionId)),
  onOpen: (sessionId, itemId) => (itemId ? page.openAt(sessionId, itemId) : page.open(sessionId)),
});
const search = new SearchDialog({ api, onOpen: (sessionId, itemId) => page.openAt(sessionId, itemId) });
const drawer = new Drawer({
  drawer: byId("drawer"),
  opener: byId("open-drawer"),
  scrim: byId("scrim"),
  rest: byId("main"),
});
const scroller = new Scroller({ element: byId("scroll"), content: byId("transcript"), button: byId("to-end") });
const acts = new Acts();

const socket = new Socket({
  url: `${location.origin.replace(/^http/, "ws")}/v1/responses`,
  onOpen: reconnected,
  onFrame: (frame) => conversations.receive(inTheseWords(frame)),
  onAway: lost,
});

const conversations = new Conversations({
  socket,
  api,
  outbox,
  onChange: (transcript) => page.transcriptChanged(transcript),
  onProblem: (message, transcript, refusal) => page.problem(acts.refused(refusal) ?? message, transcript),
  onNews: heard,
});

const conversation = new ConversationView({
  element: byId("transcript"),
  scroller,
  live: byId("live"),
  acts: {
    isConnected: () => socket.isOpen,
    onSendAgain: (messageId) => page.sendAgain(messageId),
    onTakeBack: (messageId) => page.takeBack(messageId),
    onMissing: (itemId) => acts.reach(itemId),
    onAct: (act, entry, text) => acts.do(act, entry, text),
    onEdited: (entry, text) => acts.sendEdited(entry, text),
    onGap: (key, isNewer) => conversations.items.fill(page.transcript, key, isNewer),
    onHindered: (reason) => page.problem(reason),
    onWriting: () => halfWritten.keep(),
    onWordsLeft: (sessionId, words) => page.keepWords(sessionId, words),
    onFocusLost: () => composer.rest(),
    reasonFor: acts.reasonFor,
    onShowFacts: (ids) => memory.open(ids),
  },
});

const composer = new Composer({
  form: byId("composer"),
  reading: byId("scroll"),
  attachments: { element: byId("attachments"), button: byId("attach"), area: document.documentElement },
  onSend: (text, images, names) => page.send(text, undefined, images, names),
  onEdit: () => halfWritten.keep(),
  onAttach: (images) => attached.changed(images),
  onLate: (place, image) => attached.late(place, image),
  onStop: () => page.stop(),
  onEditLast: () => acts.editLast(),
  onProblem: (message) => page.problem(message),
});

const sessionId = () => page.transcript.sessionId;
const halfWritten = new HalfWritten({ outbox, composer, conversation, sessionId });
const attached = new Attached({ outbox, composer });
const archived = new ArchivedMark({
  onBringBack: (sessionId) => side.acts.archive([sessionId], false),
  onFocusLost: () => composer.rest(),
});

const page = new Page({
  outbox,
  sessions,
  pages,
  list: side,
  changes,
  conversations,
  conversation,
  composer,
  halfWritten,
  attached,
  archived,
  drawer,
  preferences,
  me,
});

acts.connect({ api, socket, conversations, page, conversation, composer });
const neighbours = new Neighbours({ outbox, socket, conversations, onTaken: () => page.sessionsChanged() });

byId("new-chat").addEventListener("click", () => page.open(null));
byId("open-search").addEventListener("click", () => search.open());
byId("open-memory").addEventListener("click", () => memory.open());
byId("log-out").addEventListener("click", logOut);

function heard(frame) {
  if (frame.type === "verbatim:settings.updated") return preferences.heard(frame.settings);
  if (frame.type === "verbatim:conversation.updated") sessions.upsert(frame.conversation);
  else sessions.remove(frame.conversation);
  page.sessionsChangedSoon();
  if (frame.type === "verbatim:conversation.deleted") page.sessionGone(frame.conversation);
}

let connections = 0;

async function reconnected() {
  connections += 1;
  const connection = connections;
  const isLast = () => connection === connections && socket.isOpen;
  if (!(await me.isConfirmed())) return isLast() && socket.drop();
  await neighbours.look();
  if (!isLast()) return;
  line.back();
  page.reached();
  conversations.resume();
  conversation.connectionChanged();
  side.resume();
  preferences.load();
}

function lost(code) {
  line.away();
  conversation.connectionChanged();
  if (code === MESSAGE_TOO_BIG) conversations.refuseLargest();
  // A handshake that was refused looks like a network that is away: asking over HTTP tells them apart.
  api.whoAmI().catch(() => {});
}

async function begin() {
  if (me.hasKeys) offerLogOut();
  search.isOff = !me.hasSearch;
  side.hasSearch = me.hasSearch;
  conversations.maxFrameBytes = me.maxFrameBytes;
  composer.attachments.most = me.maxImages;
  socket.pulse.keepaliveMs = me.keepaliveMs;
  await outbox.open(me.id);
  page.begin();
  socket.start();
  if (document.activeElement === document.body) composer.focus(); // who was faster is elsewhere already
  preferences.load();
  preferences.offerModels();
}

async function logIn(key) {
  await api.logIn(key);
  await me.ask();
}

function loggedIn() {
  offerLogOut();
  composer.focus();
}

function offerLogOut() {
  byId("log-out").hidden = false;
}

// Whoever comes next to this browser finds neither the chats nor what was half written, nor what was chosen last.
async function logOut() {
  try {
    await side.deletions.finish();
    await api.logOut();
    await leave();
  } catch (error) {
    page.problem(error.message);
  }
}

async function leave() {
  page.end();
  me.forget();
  preferences.forget();
  side.deletions.clear();
  await outbox.clear();
  departure.tell();
  departure.go();
}

function leftElsewhere() {
  page.end();
  side.deletions.end();
  departure.go();
}

new Shortcuts({ onWrite: () => composer.focus(), onList: () => drawer.toggle() });
me.ask();
keepForLater();
fitAboveKeyboard();
followTheme();
