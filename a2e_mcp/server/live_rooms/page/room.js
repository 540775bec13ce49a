// The page of a live room. It joins where the server says (Agora for A2E, WebRTC on this computer for the sandbox), and
// hands what the avatar answers back to the server, because A2E tells it to those in the room only.

const at = (id) => document.getElementById(id);
const video = at('video');
const stream = new MediaStream();
let closed = false;

function say(text) { at('status').textContent = text; }

function note(kind, text) {
  const line = document.createElement('li');
  line.className = kind;
  line.textContent = text;
  at('talk').append(line);
  line.scrollIntoView({ block: 'nearest' });
  return line;
}

async function tell(what, body = {}) {
  const answer = await fetch(what, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    keepalive: what === 'leave',
  });
  if (!answer.ok) throw new Error(await answer.text());
}

// ---------------------------------------------------------------- what the avatar answers

let answering = null;

function heard(text) {
  let message;
  try { message = JSON.parse(text); } catch { return; }
  if (message?.type !== 'QA' || typeof message.message !== 'string') return;
  if (message.pos === 'start' || answering === null) answering = note('answer', '');
  answering.textContent = `${answering.textContent} ${message.message}`.trim();
  if (message.pos === 'end') {
    if (!answering.textContent) answering.remove();
    answering = null;
  }
  tell('heard', { type: 'QA', message: message.message, pos: String(message.pos) }).catch(() => {});
}

// ---------------------------------------------------------------- joining

async function joinWebRTC(room) {
  const peer = new RTCPeerConnection();
  peer.addTransceiver('video', { direction: 'recvonly' });
  peer.addTransceiver('audio', { direction: 'recvonly' });
  peer.ontrack = (event) => show(event.track);
  peer.createDataChannel('stream-messages').onmessage = (event) => heard(event.data);
  peer.onconnectionstatechange = () => {
    if (peer.connectionState === 'failed' && !closed) say('The connection was lost. Reload the page to join again.');
  };
  await peer.setLocalDescription(await peer.createOffer());
  const answer = await fetch(room.url, { method: 'POST', body: peer.localDescription.sdp });
  if (!answer.ok) throw new Error(await answer.text());
  await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
  setTimeout(() => {
    if (peer.connectionState !== 'connected' && !closed) say('No connection yet. The sandbox streams over WebRTC on this computer; a browser needs a network card for that, and Firefox the setting media.peerconnection.ice.loopback. Chromium-based browsers work.');
  }, 8000);
  return {
    leave: () => peer.close(),
    async sound() {
      let energy = 0;
      (await peer.getStats()).forEach((each) => {
        if (each.type === 'inbound-rtp' && each.kind === 'audio') energy = each.totalAudioEnergy ?? 0;
      });
      return energy;
    },
  };
}

async function joinAgora(room) {
  await new Promise((done, fail) => {
    const script = document.createElement('script');
    script.src = room.sdk;
    script.integrity = room.integrity;
    script.crossOrigin = 'anonymous';
    script.onload = done;
    script.onerror = () => fail(new Error(
      `A2E's live rooms need Agora's web SDK, which could not be loaded from\n${room.sdk}\n`
      + 'Check the internet connection or what blocks that address, then reload this page. The room stays open meanwhile.'));
    document.head.append(script);
  });
  AgoraRTC.setLogLevel(3);
  const client = AgoraRTC.createClient({ mode: 'live', codec: 'h264' });
  const sounds = [];
  client.on('user-published', async (user, kind) => {
    const track = await client.subscribe(user, kind);
    if (kind === 'audio') sounds.push(track);
    show(track.getMediaStreamTrack());
  });
  client.on('stream-message', (_, payload) => heard(new TextDecoder().decode(payload)));
  await client.setClientRole('audience');
  await client.join(room.appId, room.channel, room.token, room.uid);
  let energy = 0;
  return {
    leave: () => client.leave(),
    async sound() {
      energy += sounds.reduce((sum, track) => sum + track.getVolumeLevel(), 0);
      return energy;
    },
  };
}

async function show(track) {
  stream.addTrack(track);
  if (video.srcObject !== stream) video.srcObject = stream;
  try {
    await video.play();
  } catch (problem) {
    // Browsers play sound only after a click on the page; the picture can be seen until then.
    if (problem.name !== 'NotAllowedError') return;
    video.muted = true;
    at('sound').hidden = false;
    await video.play().catch(() => {});
  }
}

video.addEventListener('playing', () => { if (!closed) say(''); });
at('sound').addEventListener('click', () => {
  video.muted = false;
  at('sound').hidden = true;
  video.play();
});

// ---------------------------------------------------------------- the life of the page

function close(why) {
  closed = true;
  say(why);
  at('left').textContent = '';
  for (const each of document.querySelectorAll('button, input')) each.disabled = true;
  at('sound').hidden = true;
  for (const track of stream.getTracks()) track.stop();
}

function count(until) {
  const seconds = Math.max(0, Math.round(until - Date.now() / 1000));
  at('left').textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} left`;
}

async function report(joined) {
  const frames = video.getVideoPlaybackQuality().totalVideoFrames;
  const state = { frames, sound: joined ? await joined.sound() : 0, muted: video.muted };
  await tell('state', state);
}

async function live() {
  const answer = await fetch('room');
  if (!answer.ok) { close(await answer.text()); return; }
  const room = await answer.json();
  document.title = `${room.avatar}, live`;
  at('name').textContent = `${room.avatar}, live`;
  at('question').placeholder = `Ask ${room.avatar} something`;
  at('mode').hidden = !room.sandbox;
  const until = Date.now() / 1000 + room.seconds_left;
  count(until);

  let joined = null;
  const events = new EventSource('events');
  events.addEventListener('asked', (event) => note('question', JSON.parse(event.data).text));
  events.addEventListener('spoken', (event) => note('answer', JSON.parse(event.data).text));
  events.addEventListener('closed', (event) => { events.close(); joined?.leave(); close(JSON.parse(event.data).text); });
  events.onerror = () => { if (events.readyState === EventSource.CLOSED && !closed) close('The server has gone, and the room with it.'); };
  try {
    joined = await (room.kind === 'agora' ? joinAgora(room) : joinWebRTC(room));
  } catch (problem) {
    say(problem.message);
    await tell('state', { frames: 0, sound: 0, muted: true, problem: problem.message.slice(0, 300) });
    return;
  }
  const clock = setInterval(() => {
    if (closed) { clearInterval(clock); return; }
    count(until);
    report(joined).catch(() => {});
  }, 1000);
}

at('ask').addEventListener('submit', async (event) => {
  event.preventDefault();
  const text = at('question').value.trim();
  if (!text) return;
  at('question').value = '';
  try { await tell('ask', { text }); } catch (problem) { note('problem', problem.message); }
});
at('leave').addEventListener('click', () => tell('leave').catch((problem) => note('problem', problem.message)));

live().catch((problem) => say(problem.message));
