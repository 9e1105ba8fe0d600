/** What the assistant itself says, in English. `{name}` is filled in by the caller. */

export const en = {
  help: `I am Rockpool, a private assistant on this box. Just write to me.

/new – start afresh; of the earlier talk I keep in mind only what is pinned
/stop – stop the answer I am working on
/status – how I am doing: model, queue
/model – show the models; \`/model <name>\` changes this conversation's
/tldr – summarise a document, a web page or a message: \`/tldr\` with a file or an address
/pin – \`/pin <note>\` keeps a note in mind; /pins lists them, \`/unpin <number>\` takes one away
/search – find what was said here: \`/search <words>\`
/link – use one conversation from two of your messengers
/memory – what I remember of you; \`/memory forget <number>\` erases it
/remind – remind you of something: \`/remind in 20 minutes tea\`
/reminders – the reminders that wait; \`/reminders cancel <number>\`
/timezone – your time zone; \`/timezone <city>\` changes it
/flow – show the dialogues I know; \`/flow <name>\` begins one
/cancel – leave the dialogue you are in
/whoami – who you are to me
/export – take a copy of everything that I have of you
/forget – erase this conversation, with its files, notes and reminders; \`/forget everything\` erases all that I have of you
/help – this list`,
  helpDesk:
    "/waiting – who was handed over to a person: `/reply <number> <text>` answers, `/done <number>` gives them back to me",
  unknownCommand: "I do not know /{name}. /help lists what I know.",
  newStarted: "A fresh start. What is on your mind?",
  stopped: "Stopped.",
  nothingToStop: "There is nothing to stop.",
  whoami: "You are {name} ({role}), here as {channel}.",
  roleOwner: "owner",
  roleAdmin: "admin",
  roleOperator: "operator",
  roleAuditor: "auditor",
  roleMember: "member",
  roleGuest: "guest",
  channelNotGranted: "The owner of this box has not granted you this channel.",
  modelNotGranted:
    "The owner of this box has not granted you {model}. Choose one of yours with /model: {models}",
  limitSeconds: "That is your limit: {what}. I go on in {count} seconds; send it again then.",
  limitUntil: "That is your limit: {what}. I go on at {time} ({zone}); send it again then.",
  limitMessagesMinute: "{count} messages a minute",
  limitMessagesDay: "{count} messages a day",
  limitTokensDay: "{count} tokens of the model a day",
  limitFilesDay: "{count} files a day",
  limitFileBytesDay: "{count} MB of files a day",
  limitConversationsDay: "{count} new conversations a day",
  notAllowed:
    "Your role does not allow /{name}. The owner of this box can change that; /whoami says who you are to me.",
  forgetAsk:
    "This erases {count} messages, the files, notes and reminders of this conversation for good. Send `/forget yes` to do it.",
  auditCheckpoint:
    "The audit log has {length} entries. Keep this message: with it, `npx rockpool audit verify --checkpoint <file>` finds a log that was cut off or rolled back.\n\n```\n{checkpoint}\n```",
  exportAsked:
    "I have told the owner of this box that you want a copy of everything I have of you. The owner makes it and hands it to you.",
  exportOwner:
    "You are the owner: the settings of the web page have a button for your copy, and `npx rockpool person export <person> --out <folder>` makes one of anybody's.",
  exportLink:
    "Your copy of everything that I have of you, on every channel: {link}\n\nThe link works once, within {minutes} minutes, and ends the one before. Open it in a browser and keep it to yourself: whoever has it gets the copy.",
  exportOnPage:
    "Your copy waits in the settings of this page, at the gear above: the button is at the end.",
  exportTooMany: "You have asked for several copies in a day. Ask again tomorrow.",
  exportBusy: "Your last copy is still being downloaded. Ask again when that is over.",
  exportDirectOnly:
    "For a copy of everything that I have of you, write to me directly: others read along here.",
  exportWanted:
    "**{name}** wants a copy of everything that this box has of them. `npx rockpool person export {id} --out <folder>` makes it, signed.",
  eraseAsk:
    "This erases everything that I have of you, on every channel, for good: conversations, files, reminders, memory, API keys, and that I know you. What you said in groups goes, too; what others said there stays. Send `/forget everything yes` to do it.",
  eraseBegun: "I begin to erase everything of you. You hear from me once more, when it is done.",
  eraseOwner:
    "You are the owner of this box: you cannot be erased as long as you are. `/forget yes` erases a conversation, `/memory forget all` what I remember of you.",
  eraseDirectOnly: "Write this to me directly, where nobody else reads it.",
  erased:
    "Everything of you is erased: {messages} messages, with files, reminders, memory and keys. I do not know you any more. The signed receipt is with the owner of this box, under the number {id}.",
  forgotten: "Forgotten: {count} messages.",
  statusModel: "Model: {model}",
  statusModelDown: "Model: the model server does not answer.",
  statusNoModel: "Model: none is installed yet.",
  statusPressure:
    "Memory is short on this box ({percent} % free): {model} answers in place of its models until there is more.",
  statusServerAway: "The model server {name} does not answer.",
  statusQueue: "Waiting in this conversation: {count}",
  statusGate: "Model server: {busy} of {slots} at work, {count} in line",
  statusMessages: "Messages kept: {count}",
  modelNow: "This conversation uses {model}.",
  modelAuto: "{name} (now {model})",
  modelList: "Installed: {models}",
  modelAliases: "Or by what it is for: {aliases}",
  modelSet: "From now on this conversation uses {model}.",
  modelTooMany: "Too many models were chosen. Wait five minutes, then try again.",
  modelUnknown: "{model} is not installed. Installed: {models}",
  modelNone: "none",
  pinned: "Pinned as number {number}. I keep it in mind in this conversation, also after /new.",
  pinsFull:
    "There is no room for this note beside the {count} that are pinned. Take one away with `/unpin <number>`; /pins lists them.",
  pinsNone: "Nothing is pinned. `/pin <note>` pins a note that I keep in mind.",
  pinsList: "Pinned:\n{list}",
  pinUnknown: "There is no pinned note of this number.",
  searchAsk: "Say what to look for: `/search <words>`.",
  searchNone: "Nothing that was said here holds these words.",
  searchFound: "Found {count}, the newest first:",
  searchOlder: "There may be older ones: add words to narrow it down.",
  searchMe: "me",
  unpinned: "No longer pinned: {text}",
  linkCode:
    "Write `/link {code}` to me from your other messenger within ten minutes. From then on both share this conversation.",
  linkDone: "Linked. This conversation goes on where you left it on {channel}.",
  linkTooMany: "Too many codes were tried. Wait ten minutes, then try again.",
  linkBadCode: "This code is not valid, or no longer. Ask for a new one with /link.",
  linkSelf: "This is the code's own conversation: write it to me from your other messenger.",
  linkDirectOnly: "/link works in private conversations only.",
  pairing:
    "Hello! This assistant is private. Your pairing code is\n\n**{code}**\n\nIts owner can let you in within the hour: `npx rockpool pair approve {code}`.",
  paired: "You are in. Write to me about anything; /help lists what I know.",
  placeInLine: "Number {position} in line for the model",
  placeSeconds: "Number {position} in line for the model, about {count} seconds",
  placeMinutes: "Number {position} in line for the model, about {count} minutes",
  waitingModel:
    "The model server is away just now. I keep your message and answer it as soon as it is back, for up to {hours} hours.",
  waitingBusy:
    "The model server is busy just now. I keep your message and answer it as soon as I can.",
  waitingFull:
    "Very many wait for the model just now. I keep your message and answer it as soon as there is room.",
  waitingMemory:
    "The model server has too little memory for {model} just now. I keep your message and try again; a smaller model can be chosen with /model.",
  waitingMissing:
    "I have no model to think with yet. On this box, `ollama pull qwen3:4b` installs one; I keep your message and answer it then. /help works without a model.",
  gaveUp:
    "I could not reach the model in {hours} hours, so I let this message go. Please send it again when the model server is back.",
  failedTimeout:
    "The model took too long, so I stopped it. Please try again, or choose a smaller model with /model.",
  failedBroken: "The model's answer broke off. Please try again.",
  failedRejected:
    "The model server refused this. Its reason stands in the log (`npx rockpool logs`).",
  failedRemote:
    "This model would run on somebody else's machine, so I do not use it. Choose another with /model.",
  failedInternal:
    "Something went wrong on my side. The reason stands in the log (`npx rockpool logs`). Please try again.",
  emptyAnswer: "The model had nothing to say. Please put it in other words.",
  cutLength: "(The answer reached its length limit. Say “go on” for more.)",
  cutMessage:
    "(Your message was longer than the model can read at once: it saw the beginning and the end.)",
  noVision:
    "{model} cannot see pictures, so I do not guess at yours. `/model vision` takes a model that can, if one is installed; or tell me in words what is in it.",
  pictureTooLarge:
    "I cannot look at {name}: I take pictures as PNG, JPEG or WebP (not HEIC or AVIF), up to {max} MB and {pixels} megapixels. Please send it as one of these.",
  picturesLeft: "(I looked at {count} of your {total} pictures: more have no room at once.)",
  voiceNone:
    "I have no ears yet: no transcription server is set up, so I kept your voice note and did not listen to it. Please write to me. Who runs this box can set ROCKPOOL_TRANSCRIBE_URL.",
  voiceFailed:
    "I could not make out {name}. Please send it again, or write to me; the reason stands in the log (`npx rockpool logs`).",
  cutStopped: "(stopped)",
  documentUnreadable:
    "I cannot read {name}: I open PDF, Word (DOCX), HTML, plain text, Markdown, CSV and JSON, as far as there is text in them. Please send it as one of these.",
  documentReading:
    "I am reading {name}, in {count} parts, and answer when I am through. You can go on writing meanwhile; /stop ends it.",
  documentPart: "Reading {name}: part {part} of {count}",
  documentJoining: "Putting the notes together",
  tldrAsk:
    "Summarise this for me: first what it says in two or three sentences, then the most important points as a short list.",
  tldrMessage: "message",
  tldrUsage:
    "Tell me what to summarise: send `/tldr` with a file, in answer to a message, or with a web address (`/tldr https://…`). `/tldr` alone takes the newest document of this conversation.",
  tldrWebOff:
    "I do not fetch web pages: who runs this box has not opened the way (ROCKPOOL_WEB_FETCH). Send me the text or the file instead.",
  tldrNoPage: "I could not fetch a text from this address.",
  tooLong:
    "Your message is longer than I take ({max} characters). Please send it in parts, or as a file.",
  queueFull:
    "{count} messages of this conversation wait for an answer already, so I do not take more just now. Please send what you wrote last again when some are answered.",
  reminder: "Reminder: {text}",
  reminderLate: "Reminder: {text}\n\n(Late: this was for {time}, when I could not say it.)",
  memoryList:
    "What I remember of you:\n\n{list}\n\n`/memory forget <number>` erases one, `/memory forget all` all of it.",
  memoryEmpty: "I remember nothing of you yet. Say “remember that …” and I will.",
  memoryForgotten: "Number {number} is forgotten.",
  memoryUnknown: "There is no number {number}. /memory lists what I remember.",
  memoryForgetAsk:
    "This erases all {count} facts that I remember of you, for good. Send `/memory forget all yes` to do it.",
  memoryAllForgotten: "I have forgotten everything that I remembered of you.",
  memoryDirectOnly: "What I remember of you I show in private conversations only.",
  remindUsage:
    "Tell me when and what: `/remind in 20 minutes tea`, `/remind tomorrow at 9:00 call Ada`, `/remind {example} water the plants`.",
  remindSet: "I will remind you on {time} ({zone}): {text}",
  remindSetAgain: "I will remind you {repeat} ({zone}), first on {time}: {text}",
  remindPast: "This time is over already. When shall I remind you?",
  remindTooFar: "I remind you of things within five years only.",
  remindRepeats:
    "I can remind you every day, on days of the week or on a day of the month: `/remind every day at 8 tea`, `/remind on Mondays at 9:00 bins`.",
  remindTooLong: "This is too long for a reminder: {max} characters at most.",
  remindFull: "{max} reminders wait already. `/reminders cancel <number>` makes room.",
  remindersList: "Waiting ({zone}):\n\n{list}\n\n`/reminders cancel <number>` cancels one.",
  remindersEmpty: "No reminder waits here. `/remind tomorrow at 9:00 call Ada` sets one.",
  remindersCancelled: "Reminder {number} is cancelled.",
  remindersUnknown: "No reminder {number} waits here. /reminders lists them.",
  zoneNow: "Your time zone is {zone}: it is {time}. `/timezone <city>` changes it.",
  zoneSet: "Your time zone is {zone} now: it is {time}.",
  zoneUnknown:
    "I know no time zone for {place}. Name a large city, or a zone such as Europe/Berlin.",
  fileTooLarge: "I could not keep {name}: it is larger than {max} MB.",
  fileFailed: "I could not fetch {name} from the messenger.",
  fileStoreFull:
    "I could not keep {name}: this conversation's file store is full. /forget empties it.",
  flowYes: "yes",
  flowNo: "no",
  flowSkip: "(“skip” passes it over.)",
  flowHintText: "I need an answer of {min} to {max} characters here.",
  flowHintEmail: "That is no e-mail address that I can read. It looks like ada@example.org.",
  flowHintPhone:
    "That is no phone number that I can read. It has 5 to 15 digits, such as +44 20 7946 0958.",
  flowHintDate: "That is no day that I can read. Write it as 2026-12-24, 24 December or tomorrow.",
  flowHintFutureDate:
    "I need a day from today on. Write it as 2026-12-24, 24 December or tomorrow.",
  flowHintNumber: "I need a number here.",
  flowHintWhole: "I need a whole number here.",
  flowHintFrom: "{min} at least.",
  flowHintTo: "{max} at most.",
  flowHintChoice: "Please answer with one of these, or with its number:",
  flowHintYesNo: "Please answer yes or no.",
  flowExpired:
    "I have not heard from you for a while, so I let “{title}” go. `/flow {name}` begins it again.",
  flowDone: "Thank you, that is all.",
  flowToModel: "Thank you. Go on: I know your answers, and help as I can.",
  flowToPerson: "I have told a person, who will answer you.",
  flowList: "I know these dialogues:",
  flowNone: "I know no dialogues yet.",
  flowUnknown: "I know no dialogue of that name. /flow lists those I know.",
  flowBusy: "You are in the dialogue `{name}` already. /cancel leaves it.",
  flowFull: "Too many dialogues run in this conversation just now. Please try again later.",
  flowLeft: "All right, I have left that. Nobody was told.",
  flowNothingToLeave: "There is no dialogue to leave.",
  nothingToStopFlow: "There is no answer to stop. /cancel leaves the dialogue you are in.",
  handoverHowTo:
    "`/reply {number} <text>` answers, `/done {number}` gives it back to the assistant; /waiting lists all.",
  handoverPassedOn:
    "I pass on what you write; a person will answer you here. /cancel brings me back.",
  handoverBusy: "A person is to answer you. /cancel brings me back, and then you can begin that.",
  handoverGivenBack: "From here on the assistant answers you again.",
  handoverTimedOut:
    "Nobody has answered for {hours} hours, I am sorry. From here on the assistant answers you again.",
  handoverFull: "Too many wait for a person just now. Until then the assistant answers you.",
  handoverLeft: "All right, the assistant answers you again. The person is told.",
  handoverOverLeft: "**#{number}** has gone back to the assistant.",
  handoverOverTimedOut: "**#{number}** waited too long, and has the assistant again.",
  handoverNone: "Nobody waits for a person.",
  handoverList:
    "These wait for a person:\n\n{list}\n\n`/reply <number> <text>` answers, `/done <number>` ends it.",
  handoverAnsweredBy: "answered by {name}",
  handoverReplyUsage: "Write it as `/reply 3 Good morning!`. /waiting lists the numbers.",
  handoverDoneUsage:
    "Write it as `/done 3`, with a last word or without. /waiting lists the numbers.",
  handoverTooLong: "That is too long: {max} characters at most.",
  handoverSent: "Sent to #{number}.",
  handoverDone: "#{number} has the assistant again.",
  handoverUnknown: "There is no #{number}, or not any more. /waiting lists who is there.",
  handoverDirectOnly: "That works only in a private conversation.",
  flowNotice: "**{title}**: {name} has answered ({channel}, conversation {conversation}).",
  integrityBroken:
    "**A database of this box is damaged.** The daily check found {broken} of {databases} that are not whole. On the box: `npx rockpool integrity` names them; then stop the server and restore the newest backup that is whole (`npx rockpool restore`). Older backups are kept as they are.",
  backupFailed:
    "**This box is not being backed up.** The daily backup failed: {reason}. On the box, `npx rockpool backup` says what is wrong and what to do.",
};

export type Phrases = Record<keyof typeof en, string>;
