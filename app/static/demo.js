// The demo page: draws what /demo/state says and posts what the visitor does.
// All text goes in by textContent; nothing here builds markup from words.
const $ = (id) => document.getElementById(id);
const body = document.body;
const BOT = "守望";
const PRIVATE = "私:";
const POLL_MS = 1500, SOON_MS = 350, SOON_TIMES = 8;
const MOST_LINES = 300; // older ones stay on the server
const FOLD_AT = 9; // display lines before a text is folded to 8
const OUTCOMES = { reading: "算体温", clarify: "拿不准", no: "不是体温" };
const CAN_SAY = {
  村民: ["36.5", "我38.2 有点咳嗽", "板蓝根能防病毒吗？", "别再发了", "帮助"],
  村医: ["接", "复测 37.1", "转诊 镇卫生院", "排除", "今天该找谁"],
  网格员: ["还有谁没报", "今天该找谁", "名单", "汇总", "帮助"],
  村支书: ["发通知", "还有谁没报", "汇总", "待答", "帮助"],
};
const OTHERS_SAY = ["还有谁没报", "汇总", "帮助"];

let village = nothing();
const look = {
  tab: "group", room: "", phone: "", me: "", picked: null, quote: null,
  seen: new Map(), seenThought: 0, outageUntil: "", soon: 0, isFirst: true,
};
const drawn = { group: { chat: null, last: 0, isLow: true }, private: { chat: null, last: 0, isLow: true }, board: "", thought: "" };

function nothing() {
  return { version: -1, now: "", people: [], chats: [], lines: [], byN: new Map(),
    recalled: new Set(), thoughts: new Map(), board: null, next: null, after: 0, rules: "" };
}

// -- small tools
function el(tag, className, ...kids) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...kids.filter((kid) => kid !== null && kid !== undefined && kid !== ""));
  return node;
}
function button(words, className, act) {
  const node = el("button", className, words);
  node.type = "button";
  node.addEventListener("click", act);
  return node;
}
function tell(words) { $("status").textContent = words; }
function cut(text, most) {
  const letters = Array.from(text.replace(/\s+/g, " "));
  return letters.length > most ? letters.slice(0, most).join("") + "…" : letters.join("");
}
function lastOf(list) { return list[list.length - 1]; }
function keep(key, value) { try { localStorage.setItem(key, value); } catch { /* private window */ } }
function kept(key) { try { return localStorage.getItem(key); } catch { return null; } }
function person(name) { return village.people.find((one) => one.id === name || one.name === name); }
function withRole(role) { return village.people.find((one) => one.role === role); }
function homeOf(one) { return one.home.replace(/家的.+$/, "家"); }
function calledOf(one) { return one.home.slice(homeOf(one).length).replace("的", ""); }
function residents() { return village.people.filter((one) => one.role === "村民"); }
function room(id) { return village.chats.find((one) => one.id === id); }
function linesOf(chat) { return village.lines.filter((line) => line.chat === chat); }
function chatOf(side) { return side === "group" ? look.room : PRIVATE + look.phone; }
function isWide() { return body.classList.contains("wide"); }
function isShown(side) { return isWide() || look.tab === side; }
function surname(name) {
  const letters = Array.from(name);
  return letters.length > 1 && "老小阿大".includes(letters[0]) ? letters[1] : letters[0] || "？";
}
function shade(name) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return sum % 8;
}

// -- the wire
async function call(path, words) {
  let answer;
  try {
    answer = await fetch("/demo/" + path, words === undefined ? { cache: "no-store" } : {
      method: "POST", headers: { "Content-Type": "application/json", "X-Demo": "1" },
      body: JSON.stringify(words),
    });
  } catch {
    throw new Error("连不上守望，等一下再试。您写的还在。");
  }
  if (answer.ok) return answer.json();
  let told = "";
  try { told = (await answer.json()).error; } catch { /* not our own answer */ }
  throw new Error(told || "守望这边出了点岔子，等一下再试。您写的还在。");
}
function complain(words) {
  $("error-words").textContent = words;
  $("error").hidden = false;
}
function calm() { $("error").hidden = true; }

let running = null, isAgain = false, timer = 0, epoch = 0, isCut = false;
function refresh() { // one at a time; asked for meanwhile, it runs once more
  if (running) { isAgain = true; return running; }
  running = (async () => {
    do {
      isAgain = false;
      const began = epoch;
      const news = await call("state?after=" + village.after);
      if (began !== epoch) isAgain = true;
      else if (news.version < village.version || news.now < village.now) startOver();
      else take(news);
    } while (isAgain);
  })().finally(() => { running = null; });
  return running;
}
function startOver() { // the village was reset, here or in another window
  epoch += 1;
  isAgain = true;
  village = nothing();
  Object.assign(look, { picked: null, quote: null, seenThought: 0, outageUntil: "", isFirst: true });
  look.seen.clear();
  drawn.group.chat = drawn.private.chat = null;
}
async function tick() {
  clearTimeout(timer);
  if (!document.hidden) {
    try {
      await refresh();
      if (isCut) { isCut = false; calm(); }
    } catch (error) {
      if (!isCut) complain(error.message);
      isCut = true;
    }
  }
  look.soon = Math.max(0, look.soon - 1);
  clearTimeout(timer);
  timer = setTimeout(tick, look.soon ? SOON_MS : POLL_MS);
}
async function act(path, words, pressed) { // true when it was done
  if (pressed && pressed.getAttribute("aria-disabled")) return false; // a double tap
  const label = pressed && pressed.firstChild;
  const was = label && label.data;
  const slow = label && setTimeout(() => { label.data = "正在…"; }, 300);
  if (pressed) pressed.setAttribute("aria-disabled", "true");
  try {
    await call(path, words);
    calm();
    look.soon = SOON_TIMES;
    await refresh();
    tick();
    return true;
  } catch (error) {
    complain(error.message);
    return false;
  } finally {
    if (label) { clearTimeout(slow); label.data = was; }
    if (pressed) pressed.removeAttribute("aria-disabled");
  }
}

// -- taking in what came
function take(news) {
  const isChanged = news.version !== village.version || look.isFirst;
  village.version = news.version;
  village.now = news.now;
  village.rules = news.rules;
  village.next = news.next;
  village.board = news.board;
  if (isChanged) { village.people = news.people; village.chats = news.chats; }
  const fresh = news.lines.filter((line) => !village.byN.has(line.n));
  for (const line of fresh) { village.byN.set(line.n, line); village.after = Math.max(village.after, line.n); }
  village.lines.push(...fresh);
  for (const line of news.lines) if (line.is_recalled) village.recalled.add(line.n);
  const gone = news.recalled.filter((n) => !village.recalled.has(n));
  for (const n of gone) village.recalled.add(n);
  for (const thought of news.thoughts) village.thoughts.set(thought.n, thought);
  drawTop(news);
  drawBoard();
  if (!isChanged && !fresh.length && !gone.length) return;
  settle();
  if (gone.length) drawn.group.chat = drawn.private.chat = null;
  draw();
  if (!look.isFirst) speakOut(fresh);
  look.isFirst = false;
}
function settle() { // whose eyes: kept while they exist
  if (!room(look.room)) look.room = (village.chats.find((one) => one.kind === "residents") || village.chats[0] || {}).id || "";
  if (!person(look.me)) look.me = (residents()[0] || village.people[0] || {}).id || "";
  if (!person(look.phone)) look.phone = (withRole("村医") || withRole("网格员") || village.people[0] || {}).id || "";
  if (look.isFirst) { // what happened before one came is not news
    for (const line of village.lines) look.seen.set(line.chat, line.n);
    look.seenThought = Math.max(0, ...village.thoughts.keys());
  }
  fillMe();
  fillPhone();
}
function speakOut(fresh) {
  const heard = fresh.filter((line) =>
    (line.chat === look.room && isShown("group")) || (line.chat === chatOf("private") && isShown("private")));
  if (heard.length) tell(heard.slice(-3).map((line) => `${line.who}说：${cut(line.text, 80)}`).join("；"));
}
function unread(chat) {
  const seen = look.seen.get(chat) || 0;
  return village.lines.filter((line) => line.chat === chat && line.n > seen && (line.is_bot || !chat.startsWith(PRIVATE))).length;
}
function see(chat) {
  const last = lastOf(linesOf(chat));
  if (last) look.seen.set(chat, last.n);
}

// -- drawing
function draw() {
  if (isShown("group")) see(look.room);
  if (isShown("private")) see(chatOf("private"));
  drawRooms();
  drawLog("group");
  drawLog("private");
  drawCanSay();
  drawThought();
  drawBoard();
  drawBadges();
}
function drawTop(news) {
  const hour = news.now.slice(11, 16);
  $("hour").textContent = hour;
  $("hour").dateTime = news.now;
  $("day").textContent = news.now_words.replace(hour, "").replace(/\s+/g, " ").trim();
  $("next").textContent = news.next ? `下一件 ${news.next.at} ${news.next.words}` : "眼下没有等着办的事";
  $("rules").textContent = news.rules;
  const isOut = look.outageUntil > news.now;
  $("outage").hidden = !isOut;
  if (isOut) $("outage").textContent = `断网中，到 ${look.outageUntil.slice(11, 16)}：守望的话先存着，通了再发，不丢也不重。`;
}
function drawRooms() {
  const rooms = village.chats.map((chat) => {
    const node = button(chat.title, "", () => { look.room = chat.id; setQuote(null); draw(); });
    node.setAttribute("aria-pressed", String(chat.id === look.room));
    const count = chat.id === look.room ? 0 : unread(chat.id);
    if (count) node.append(el("i", "badge", String(count)));
    return node;
  });
  refill($("rooms"), rooms);
  const here = room(look.room);
  $("group-title").textContent = here ? `${here.title}（${here.members}）` : "村里的群";
}
function refill(box, nodes) { // keeps the focus on the button of the same name
  const index = Array.from(box.children).indexOf(document.activeElement);
  box.replaceChildren(...nodes);
  if (index >= 0 && box.children[index]) box.children[index].focus();
}

function drawLog(side) {
  const list = $(side + "-lines"), scroll = list.parentElement, state = drawn[side], chat = chatOf(side);
  const lines = linesOf(chat).slice(-MOST_LINES);
  const isNew = state.chat !== chat;
  if (isNew) { list.replaceChildren(); state.last = 0; state.previous = null; }
  if (!lines.length) list.replaceChildren(el("li", "empty", side === "group"
    ? "还没人说话。点下面的“报体温”，再按“发”。" : `守望还没找过${look.phone}。`));
  else if (!state.last) list.replaceChildren();
  const fresh = lines.filter((line) => line.n > state.last);
  for (const line of fresh) {
    const between = separator(state.previous, line);
    if (between) list.append(between);
    list.append(lineNode(side, line));
    state.previous = line;
    state.last = line.n;
  }
  state.chat = chat;
  while (list.children.length > MOST_LINES * 2) list.firstElementChild.remove();
  for (const node of list.querySelectorAll(".line")) dress(node);
  if (side === "private") drawReplies(list, lines);
  const isMine = fresh.some((line) => line.who === look.me && side === "group");
  if (isNew || state.isLow || isMine) scroll.scrollTop = scroll.scrollHeight;
  else if (fresh.length) $(side + "-newer").hidden = false;
}
function minutes(at) { return Number(at.slice(0, 2)) * 60 + Number(at.slice(3, 5)); }
function separator(before, line) {
  if (!before) return el("li", "between", line.at);
  const gap = minutes(line.at) - minutes(before.at);
  if (gap < 0) return el("li", "between", "过了一夜 · " + line.at);
  return gap >= 5 ? el("li", "between", line.at) : null;
}
function lineNode(side, line) {
  const node = el("li");
  node.dataset.n = line.n;
  if (village.recalled.has(line.n)) {
    const mind = el("button", "look");
    mind.type = "button";
    node.className = "line gone";
    node.append(el("p", "between", `${line.who}撤回了一条消息`), mind);
    return node;
  }
  const isMine = !line.is_bot && line.who === (side === "group" ? look.me : look.phone);
  node.className = "line" + (line.is_bot ? " bot" : "") + (isMine ? " mine" : "");
  const face = line.is_bot ? el("img", "face") : el("span", "face shade" + shade(line.who), surname(line.who));
  if (line.is_bot) { face.src = body.dataset.icon; face.alt = ""; } else face.setAttribute("aria-hidden", "true");
  const who = el("p", "name", line.who);
  if (line.is_bot || line.is_other_bot) who.append(el("em", "", "机器人"));
  else if ((person(line.who) || { role: "村民" }).role !== "村民") who.append(el("em", "", person(line.who).role));
  const bubble = el("div", "bubble");
  if (line.kind === "voice") bubble.append(el("span", "heard", "语音"));
  const text = el("p", "text", line.text);
  bubble.append(text);
  const told = el("div", "told", who, bubble);
  if (rows(line.text) > FOLD_AT) told.append(unfolder(text));
  if (line.quote) told.append(el("p", "quote", cut(line.quote, 60)));
  const mind = el("button", "look");
  mind.type = "button";
  mind.hidden = true;
  told.append(mind);
  node.append(face, told);
  return node;
}
function rows(text) {
  return text.split("\n").reduce((sum, row) => sum + Math.max(1, Math.ceil(row.length / 17)), 0);
}
function unfolder(text) {
  text.classList.add("folded");
  const node = button("展开", "unfold", () => {
    const isFolded = text.classList.toggle("folded");
    node.textContent = isFolded ? "展开" : "收起";
    node.setAttribute("aria-expanded", String(!isFolded));
  });
  node.setAttribute("aria-expanded", "false");
  return node;
}
function dress(node) { // the small line under a bubble: what the bot made of it
  const n = Number(node.dataset.n), thought = village.thoughts.get(n), mind = node.querySelector(".look");
  node.classList.toggle("shown", n === shownThought());
  node.classList.toggle("picked", n === look.picked);
  if (!mind) return;
  mind.hidden = !thought;
  if (!thought) return;
  const words = [thought.silent ? "没说话" : "说了话", tally(thought.notes)].filter(Boolean).join(" · ");
  if (mind.textContent !== words) mind.replaceChildren(el("span", thought.silent ? "quiet" : "spoke", words));
  mind.setAttribute("aria-label", `守望${words}，看它怎么想`);
  mind.setAttribute("aria-pressed", String(n === look.picked));
  mind.dataset.pick = n;
}
function tally(notes) { // 记 张桂芳 36.5 早, or of several: 记3 派1
  const facts = notes.map(fact).filter(Boolean);
  if (facts.length < 2) return cut(facts.map((one) => one.join(" ")).join(""), 16);
  const counts = new Map();
  for (const [verb] of facts) counts.set(verb, (counts.get(verb) || 0) + 1);
  return Array.from(counts, ([verb, count]) => verb + count).join(" ");
}
function fact(note) { // [verb, rest] of what was written down; null for what was only thought
  const hit = /^([\u4e00-\u9fff]{1,3})\s+(.+)$|^(事件|待核|待认领|通道中断)：(.+)$/s.exec(note);
  return hit && [hit[1] || hit[3], hit[2] || hit[4]];
}
function drawReplies(list, lines) { // what the bot asks for in private, one press each
  for (const old of list.querySelectorAll(".replies")) old.remove();
  const open = lines.slice(lines.lastIndexOf(lastOf(lines.filter((line) => !line.is_bot))) + 1).filter((line) => !village.recalled.has(line.n));
  const takes = open.filter((line) => wanted(line.text).includes("接")).length;
  for (const line of open) {
    const at = (one) => line.text.indexOf(one.name);
    const named = village.people.filter((one) => one.id !== look.phone && at(one) >= 0).sort((a, b) => at(a) - at(b))[0];
    const asked = wanted(line.text).map((words) => words === "接" && takes > 1 && named ? "接 " + named.name : words);
    const node = list.querySelector(`[data-n="${line.n}"] .told`);
    if (!asked.length || !node) continue;
    node.append(el("div", "replies", ...asked.map((words) => button(words.replace("多少", "…"), "", (event) => {
      if (/多少|\d\.\d/.test(words)) write("private", words.replace("多少", "")); // a number is the visitor's own to give
      else act("say", { chat: PRIVATE + look.phone, speaker: look.phone, text: words, voice: false, quote: null }, event.currentTarget);
    }))));
  }
}
function wanted(text) {
  const found = [];
  for (const part of text.split(/[。！\n]|比如/)) {
    const verb = part.search(/[回写发打说按]/);
    if (verb < 0) continue;
    const asked = part.slice(verb);
    for (const hit of asked.matchAll(/[“"「『']([^“”"「」『』']{1,8})[”"」』']/g)) found.push(hit[1]);
    for (const hit of asked.matchAll(/(?:^|\D)(\d{4})(?![-\d年.])/g)) found.push(hit[1]);
    for (const hit of asked.matchAll(/[回写打]\s?(接|是|收到|[1-9])(?![\u4e00-\u9fff\d.])/g)) found.push(hit[1]);
    const list = /回[：:](.+\/.+)/.exec(asked); // 复测 多少 / 转诊 / 排除
    if (list) found.push(...list[1].split("/").map((one) => one.trim()).filter((one) => one && one.length <= 8));
  }
  if (!found.length && /(是|对)[^。]{0,12}(吗|么|吧)？?\s*$/.test(text)) found.push("是", "不是");
  return Array.from(new Set(found)).slice(0, 6);
}

// -- what it thinks
function latestThought() { return Math.max(0, ...village.thoughts.keys()); }
function shownThought() { return look.picked !== null && village.thoughts.has(look.picked) ? look.picked : latestThought(); }
function drawThought() {
  const n = shownThought(), thought = village.thoughts.get(n), line = village.byN.get(n);
  $("latest").hidden = n === latestThought();
  const key = JSON.stringify([n, thought, village.recalled.has(n)]);
  if (key === drawn.thought) return;
  drawn.thought = key;
  if (!thought) {
    $("thought").replaceChildren(el("p", "empty", "在群里发一句，这里就写出它为什么说、为什么不说，记下了什么。"));
    return;
  }
  const parts = [];
  if (line) {
    parts.push(el("blockquote", "", el("b", "", `${line.who} ${line.at}`), el("span", "", village.recalled.has(n) ? "（已撤回）" : cut(line.text, 90))));
  }
  parts.push(el("p", "why " + (thought.silent ? "quiet" : "spoke"), thought.why));
  const facts = thought.notes.map(fact).filter(Boolean);
  if (facts.length) parts.push(el("h3", "", "写下了什么"), el("ul", "notes", ...facts.map(noteNode)));
  else parts.push(el("p", "none", "什么也没记。"));
  if (thought.steps.length) {
    parts.push(el("h3", "", "每个数怎么看的"), el("ul", "steps", ...thought.steps.map((step) => el("li", "",
      el("q", "", cut(step.words, 40)), el("em", "is-" + step.outcome, OUTCOMES[step.outcome] || step.outcome), el("span", "", step.why)))));
  }
  const rest = new Set(thought.notes.filter((note) => !fact(note) && note !== thought.why));
  if (rest.size) parts.push(el("h3", "", "怎么想的"), el("ul", "ideas", ...Array.from(rest, (note) => el("li", "", note))));
  if (line && !line.is_bot && !village.recalled.has(n)) {
    const deeds = el("p", "deeds");
    if (!line.chat.startsWith(PRIVATE)) deeds.append(button("引用这条", "", () => { look.room = line.chat; setQuote(n); show("group"); $("group-text").focus(); }));
    deeds.append(button("撤回这条", "", (event) => takeBack(n, event.currentTarget)));
    parts.push(deeds);
  }
  $("thought").replaceChildren(...parts);
}
function noteNode([verb, rest]) {
  const node = el("li", /发热|紧急|待核/.test(verb + rest) ? "hot" : "", el("em", "", verb), el("span", "", rest));
  const told = verb !== "记" && village.people.find((one) => rest.includes(one.name) && linesOf(PRIVATE + one.id).length);
  if (told) node.append(button("看手机", "", () => peek(told.id)));
  return node;
}
function peek(id) { // that person's phone
  look.phone = id;
  fillPhone();
  show("private");
}
function pick(n) {
  look.picked = n;
  if (!isWide()) show("mind");
  draw();
  $("thought").closest(".scroll").scrollTop = 0;
}

// -- the board
function drawBoard() {
  const board = village.board, key = JSON.stringify(board);
  $("board").hidden = !board;
  if (!board || key === drawn.board) return;
  drawn.board = key;
  const share = board.owed ? Math.min(1, board.reported / board.owed) : 0;
  $("ring").setAttribute("stroke-dashoffset", String(188.5 * (1 - share)));
  $("count").textContent = board.owed ? `${board.reported}/${board.owed}` : "—";
  $("slot").textContent = !board.owed ? "这会儿没人要报体温"
    : share === 1 ? `${board.slot}上要报的都报齐了`.replace("早上上", "早上") : `${board.slot}报，还差 ${board.missing.length} 人`;
  $("missing").replaceChildren(...(board.missing.length ? [el("h3", "", "还没报（点一下就当这个人）"),
    el("p", "names", ...board.missing.map((name) => !person(name) ? el("span", "", name) : button(name, "", () => { become(name); show("group"); $("group-text").focus(); })))] : []));
  $("fevers").replaceChildren(...(board.fevers.length ? [el("h3", "", "发热"), el("ul", "facts",
    ...board.fevers.map((one) => row(one.name, one.value + "℃", one.state)))] : []));
  const others = board.incidents.filter((one) => one.word !== "发热" || !board.fevers.some((fever) => fever.name === one.who));
  $("incidents").replaceChildren(...(others.length ? [el("h3", "", "要紧的事"), el("ul", "facts",
    ...others.map((one) => row(`${one.word} ${one.who || ""}`, one.at, one.state)))] : []));
}
function row(name, value, state) {
  return el("li", "", el("b", "", name), el("span", "", value), el("em", /未接|升级/.test(state) ? "open" : "held", state));
}

function drawBadges() {
  let count = 0;
  const fresh = [];
  for (const one of village.people) {
    const mine = unread(PRIVATE + one.id);
    count += mine;
    if (mine) fresh.push(button(one.name, "", () => peek(one.id)));
    if (mine) lastOf(fresh).append(el("i", "badge", String(mine)));
  }
  badge("badge-private", count);
  badge("badge-group", village.chats.reduce((sum, chat) => sum + unread(chat.id), 0));
  if (isShown("mind")) look.seenThought = latestThought();
  badge("badge-mind", Array.from(village.thoughts.keys()).filter((n) => n > look.seenThought).length);
  $("fresh").hidden = !fresh.length;
  refill($("fresh"), fresh.length ? [el("span", "", "有新话"), ...fresh] : []);
}
function badge(id, count) {
  $(id).hidden = !count;
  $(id).textContent = count > 99 ? "99+" : String(count);
  $(id).setAttribute("aria-label", count + "条新的");
}

// -- who one is
function fillSelect(select, groups, chosen) {
  const key = JSON.stringify(groups);
  if (select.dataset.key !== key) {
    select.dataset.key = key;
    select.replaceChildren(...groups.map(([label, names]) => {
      const group = el("optgroup");
      group.label = label;
      group.append(...names.map(([id, words]) => { const one = el("option", "", words); one.value = id; return one; }));
      return group;
    }));
  }
  select.value = chosen;
}
function byHome(people) {
  const homes = new Map();
  for (const one of people) {
    const label = one.role === "村民" ? homeOf(one) || "村民" : "干部";
    if (!homes.has(label)) homes.set(label, []);
    const added = one.role === "村民" ? calledOf(one) : one.role;
    homes.get(label).push([one.id, one.name + (added && `（${added}）`)]);
  }
  return Array.from(homes);
}
function fillMe() { fillSelect($("me"), byHome(village.people), look.me); }
function fillPhone() {
  const cadres = village.people.filter((one) => one.role !== "村民");
  fillSelect($("phone"), byHome(cadres.concat(residents())), look.phone);
}
function become(id) {
  if (!person(id)) return;
  look.me = person(id).id;
  drawn.group.chat = null;
  fillMe();
  draw();
}
function drawCanSay() {
  const one = person(look.phone), key = look.phone + (one ? one.role : "");
  if ($("can-say").dataset.key === key) return;
  $("can-say").dataset.key = key;
  const words = (one && CAN_SAY[one.role]) || OTHERS_SAY;
  $("can-say").replaceChildren(el("span", "", "常说"), ...words.map((text) =>
    button(text, "", () => write("private", text === "发通知" ? noticeText() : text))));
}
function setQuote(n) {
  look.quote = n;
  const line = n !== null && village.byN.get(n);
  $("quoting").hidden = !line;
  if (line) $("quoting-words").textContent = `引用 ${line.who}：${cut(line.text, 24)}`;
}
function show(tab) {
  look.tab = tab;
  body.dataset.tab = tab;
  for (const node of document.querySelectorAll(".tabs button")) {
    if (node.dataset.tab === tab) node.setAttribute("aria-current", "true");
    else node.removeAttribute("aria-current");
  }
  draw();
  if (tab !== "mind") { const box = $(tab + "-lines").parentElement; box.scrollTop = box.scrollHeight; }
}

// -- writing and sending
function greeted() { $("hello").hidden = true; keep("demo-hello", "seen"); }
function grow(area) { area.rows = Math.min(5, Math.max(1, area.value.split("\n").length)); }
function write(side, text) {
  const area = $(side + "-text");
  area.value = text;
  grow(area);
  show(side);
  (matchMedia("(pointer: coarse)").matches ? $(side + "-send") : area).focus(); // no keyboard over the page on phones
}
async function send(side) {
  const area = $(side + "-text"), voice = $(side + "-voice"), press = $(side + "-send"), text = area.value;
  if (!text.trim()) { complain("先写点什么，再按“发”。"); area.focus(); return; }
  const speaker = side === "group" ? look.me : look.phone;
  const isVoice = voice.getAttribute("aria-pressed") === "true";
  look.picked = null;
  const isDone = await act("say", { chat: chatOf(side), speaker, text, voice: isVoice, quote: side === "group" ? look.quote : null }, press);
  if (!isDone) return;
  greeted();
  if (area.value === text) area.value = "";
  grow(area);
  voice.setAttribute("aria-pressed", "false");
  if (side === "group") setQuote(null);
}
async function takeBack(n, pressed) {
  if (await act("recall", { line: n }, pressed)) tell("撤回了");
}

// -- 试试
function household() { // the speaker's own if there is one, else the largest; who heads it comes first
  const homes = new Map();
  for (const one of residents()) homes.set(homeOf(one), (homes.get(homeOf(one)) || []).concat(one));
  const largest = Array.from(homes.values()).sort((a, b) => b.length - a.length)[0] || [];
  const own = homes.get(homeOf(person(look.me) || { home: "" })) || [];
  return (own.length > 1 ? own : largest).sort((a, b) => calledOf(a).length - calledOf(b).length);
}
function resident() {
  if ((person(look.me) || {}).role === "村民") return look.me;
  return (residents()[0] || { id: look.me }).id;
}
function owing() { // somebody who has not reported yet makes the board move
  const missing = village.board ? village.board.missing : [];
  return missing.includes(look.me) || !missing.length || !person(missing[0]) ? resident() : person(missing[0]).id;
}
function noticeText() {
  const place = ((village.chats.find((one) => one.kind === "residents") || {}).title || "三组").replace(/群$/, "");
  const until = new Date(Date.parse(village.now.slice(0, 10) + "T00:00:00Z") + 2 * 86400000);
  return `发通知 ${place} 明天上午9点在村口发口罩，一户来一个人，戴好口罩，隔开一米 有效到${until.getUTCMonth() + 1}月${until.getUTCDate()}日`;
}
function inGroup(id, text) {
  const home = village.chats.find((one) => one.kind === "residents");
  if (home) look.room = home.id;
  become(id);
  write("group", text);
}
function inPrivate(role, text) {
  const one = withRole(role);
  if (one) look.phone = one.id;
  fillPhone();
  write("private", text);
}
let asked = 0; // the same one is answered once a day
const RUMOURS = ["听说吃大蒜能防病毒，是真的吗？", "屋里熏醋能杀病毒吗？", "晒太阳能晒死病毒，真的假的？"];
const TRIES = {
  report: () => inGroup(owing(), "我36.5"),
  family: () => {
    const [first, ...rest] = household();
    if (first) inGroup(first.id, ["我36.5", ...rest.map((one, i) => (calledOf(one) || one.name) + (36.4 + (i * 3 % 5) / 10).toFixed(1))].join(" "));
  },
  fever: () => inGroup(owing(), "我38.2 有点咳嗽"),
  rumour: () => inGroup(resident(), RUMOURS[asked++ % RUMOURS.length]),
  relay: () => {
    const names = residents().slice(0, 6).map((one) => one.name);
    inGroup(owing(), ["#接龙", "早体温", ...names.map((name, i) => `${i + 1}. ${name} ${(36.3 + (i * 2 % 6) / 10).toFixed(1)}`)]
      .join("\n").replace("早体温", (village.board && village.board.slot ? village.board.slot : "早") + "体温"));
  },
  joke: () => inGroup(resident(), "我体温三百六，快成仙了哈哈"),
  danger: () => inGroup(resident(), "我爸喘不上气，嘴唇发紫了，咋办啊"),
  missing: () => inPrivate("网格员", "还有谁没报"),
  notice: () => inPrivate("村支书", noticeText()),
  recall: (pressed) => {
    const mine = lastOf(linesOf(look.room).filter((line) => line.who === look.me && !line.is_bot && !village.recalled.has(line.n)));
    if (mine) return takeBack(mine.n, pressed);
    return complain(`${look.me}在这个群里没有可撤回的话。先发一句，再点“撤回”。`);
  },
  outage: async (pressed) => {
    if (!await act("outage", { minutes: 10 }, pressed)) return;
    const until = new Date(Date.parse(village.now) + 8 * 3600000 + 600000); // the village keeps China's time
    look.outageUntil = until.toISOString().slice(0, 19) + "+08:00";
    await refresh();
    tell("断网10分钟");
  },
  reset: async (pressed) => {
    if (!await act("reset", {}, pressed)) return;
    startOver();
    drawn.board = drawn.thought = "";
    await refresh();
    tell("从头来过了");
  },
};

// -- wiring
function setSize(size) {
  document.documentElement.dataset.size = size;
  keep("demo-size", size);
  for (const node of document.querySelectorAll(".sizes button")) node.setAttribute("aria-pressed", String(node.dataset.size === size));
  fit();
}
function fit() { // three columns where three fit in the chosen size of letters
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  body.className = innerWidth / rem >= 56 ? "wide" : "slim";
  if (village.version >= 0) draw();
}
function wire() {
  for (const side of ["group", "private"]) {
    const area = $(side + "-text"), scroll = $(side + "-lines").parentElement;
    $(side + "-form").addEventListener("submit", (event) => { event.preventDefault(); send(side); });
    area.addEventListener("input", () => grow(area));
    area.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      send(side);
    });
    $(side + "-voice").addEventListener("click", ({ currentTarget: node }) =>
      node.setAttribute("aria-pressed", String(node.getAttribute("aria-pressed") !== "true")));
    $(side + "-newer").addEventListener("click", () => { scroll.scrollTop = scroll.scrollHeight; });
    scroll.addEventListener("scroll", () => {
      if (drawn[side].height !== scroll.clientHeight) return; // resized: the observer below sees to it
      drawn[side].isLow = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
      if (drawn[side].isLow) $(side + "-newer").hidden = true;
    }, { passive: true });
    new ResizeObserver(() => { drawn[side].height = scroll.clientHeight; if (drawn[side].isLow) scroll.scrollTop = scroll.scrollHeight; }).observe(scroll);
    $(side + "-lines").addEventListener("click", (event) => {
      const hit = event.target.closest("[data-pick]");
      if (hit) pick(Number(hit.dataset.pick));
    });
  }
  $("me").addEventListener("change", () => become($("me").value));
  $("phone").addEventListener("change", () => { look.phone = $("phone").value; draw(); });
  $("latest").addEventListener("click", () => { look.picked = null; draw(); });
  $("quoting-off").addEventListener("click", () => { setQuote(null); $("group-text").focus(); });
  $("error-off").addEventListener("click", calm);
  $("hello-off").addEventListener("click", () => { greeted(); $("group-text").focus({ preventScroll: true }); });
  $("again-help").addEventListener("click", () => { $("hello").hidden = false; $("more").open = false; $("hello-off").focus(); });
  for (const node of document.querySelectorAll(".tabs button")) node.addEventListener("click", () => {
    const waiting = village.people.find((one) => unread(PRIVATE + one.id));
    if (node.dataset.tab === "private" && waiting && !unread(chatOf("private"))) peek(waiting.id);
    else show(node.dataset.tab);
  });
  for (const node of document.querySelectorAll("[data-try]")) node.addEventListener("click", () => { $("more").open = false; TRIES[node.dataset.try](node); });
  for (const node of document.querySelectorAll("[data-size]:not(html)")) node.addEventListener("click", () => setSize(node.dataset.size));
  for (const node of document.querySelectorAll("[data-move]")) {
    node.addEventListener("click", async () => {
      if (await act("move", { to: node.dataset.move }, node)) tell("现在 " + $("day").textContent + " " + $("hour").textContent);
    });
  }
  document.addEventListener("click", (event) => { if (!$("more").contains(event.target)) $("more").open = false; });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !$("more").open) return;
    $("more").open = false;
    $("more").firstElementChild.focus();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
  addEventListener("resize", fit);
}

wire();
setSize(kept("demo-size") || "1");
$("hello").hidden = kept("demo-hello") === "seen";
tick();
