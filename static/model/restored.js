// Rule: the conversations as the outbox has them: what an earlier page, or another tab, has left there waits in its
// conversation; what another tab has delivered, or taken back, waits no more.

/**
 * @param {OpenConversations} open those that are open; what waits in another opens it
 * @returns {Set<Transcript>} those that have changed
 */
export function restore(open, outbox) {
  const changed = new Set();
  for (const transcript of open) if (letGo(transcript, outbox)) changed.add(transcript);
  for (const send of outbox.sends) {
    if (send.sessionId === null) continue;
    const isNew = !open.get(send.sessionId);
    const transcript = open.ensure(send.sessionId);
    if (isNew && send.begins) Object.assign(transcript, { begins: send.begins, isLoaded: true });
    if (take(transcript, send)) changed.add(transcript);
  }
  return changed;
}

const isEqual = (a, b) => JSON.stringify(a) === JSON.stringify(b);

function letGo(transcript, outbox) {
  const gone = transcript.kept.filter(({ messageId }) => !outbox.has(messageId));
  for (const { messageId } of gone) transcript.withdraw(messageId);
  if (transcript.unsent.length === 0) transcript.begins = null;
  return gone.length > 0;
}

function take(transcript, { messageId, text, images, model, error, begins, after, place }) {
  if (place) {
    transcript.ask({ messageId, model, place });
    return false;
  }
  if (!begins)
    transcript.begins = null; // another tab has made the session
  else if (transcript.begins && !isEqual(begins, transcript.begins)) transcript.begins = begins; // or changed it
  const known = transcript.entries.find((entry) => entry.messageId === messageId);
  if (!known) transcript.addPending(messageId, text, model, after, images);
  const isNews = !known || (known.error ?? null) !== error;
  if (isNews) transcript.setRefusal(messageId, error);
  return isNews;
}
