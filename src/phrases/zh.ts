/** What the assistant itself says, in Chinese. */
import type { Phrases } from "./en.ts";

export const zh: Phrases = {
  help: `我是 Rockpool，运行在这台机器上的私人助手。直接给我发消息就行。

/new – 重新开始，之前的对话只保留置顶的内容
/stop – 停止正在写的回答
/status – 当前状态：模型、排队
/model – 查看模型；\`/model <名称>\` 更换本对话的模型
/tldr – 总结文件、网页或一条消息：\`/tldr\` 加文件或网址
/pin – \`/pin <内容>\` 让我一直记住一条；/pins 列出，\`/unpin <编号>\` 取消
/search – 查找这里说过的话：\`/search <词>\`
/link – 让你的两个聊天软件共用一个对话
/memory – 我记得的关于你的事；\`/memory forget <编号>\` 抹去一条
/remind – 设置提醒：\`/remind 20分钟后 喝茶\`
/reminders – 等待中的提醒；\`/reminders cancel <编号>\` 取消
/timezone – 你的时区；\`/timezone <城市>\` 更改
/flow – 查看我会的对话流程；\`/flow <名称>\` 开始一个
/cancel – 退出当前的对话流程
/whoami – 你在我这里是谁
/export – 取一份我有的关于你的一切的副本
/forget – 抹去这个对话，包括文件、置顶和提醒；\`/forget everything\` 抹去我有的关于你的一切
/help – 这份列表`,
  helpDesk:
    "/waiting – 转给人工、正在等待的人：`/reply <编号> <内容>` 回复，`/done <编号>` 交还给助手",
  unknownCommand: "我不认识 /{name}。发送 /help 查看我会的命令。",
  newStarted: "重新开始了。想聊点什么？",
  stopped: "已停止。",
  nothingToStop: "现在没有可以停止的回答。",
  whoami: "你是 {name}（{role}），来自 {channel}。",
  roleOwner: "主人",
  roleAdmin: "管理员",
  roleOperator: "运维",
  roleAuditor: "审计",
  roleMember: "成员",
  roleGuest: "访客",
  channelNotGranted: "这台机器的主人没有允许你使用这个渠道。",
  modelNotGranted: "这台机器的主人没有允许你使用 {model}。请用 /model 选择你可以用的：{models}",
  limitSeconds: "已达到你的上限：{what}。{count} 秒后继续，请到时再发一次。",
  limitUntil: "已达到你的上限：{what}。{time}（{zone}）后继续，请到时再发一次。",
  limitMessagesMinute: "每分钟 {count} 条消息",
  limitMessagesDay: "每天 {count} 条消息",
  limitTokensDay: "每天 {count} 个模型 token",
  limitFilesDay: "每天 {count} 个文件",
  limitFileBytesDay: "每天 {count} MB 文件",
  limitConversationsDay: "每天 {count} 个新对话",
  notAllowed: "你的身份不能使用 /{name}。这台机器的主人可以更改；/whoami 会告诉你在我这里是谁。",
  forgetAsk: "这会永久抹去本对话的 {count} 条消息、文件、置顶和提醒。确认请发送 `/forget yes`。",
  auditCheckpoint:
    "审计日志现有 {length} 条记录。请保留这条消息：用它可以通过 `npx rockpool audit verify --checkpoint <文件>` 发现被截断或回滚的日志。\n\n```\n{checkpoint}\n```",
  exportAsked: "我已告诉这台机器的主人，你想要我有的关于你的一切的副本。主人会制作并交给你。",
  exportOwner:
    "你是主人：网页的设置里有一个按钮可以取你自己的副本；`npx rockpool person export <人> --out <文件夹>` 可以制作任何人的副本。",
  exportLink:
    "这是我在所有渠道上有的关于你的一切的副本：{link}\n\n链接只能用一次，{minutes} 分钟内有效，之前的链接随即作废。请在浏览器中打开，不要给别人：谁拿到它，谁就能取走副本。",
  exportOnPage: "你的副本在本页的设置里（点上方的齿轮），按钮在最下面。",
  exportTooMany: "你一天内已经要了好几份副本。请明天再来。",
  exportBusy: "你的上一份副本还在下载。等下载完再来。",
  exportDirectOnly: "想要我有的关于你的一切的副本，请直接给我发消息：这里别人也看得到。",
  exportWanted:
    "**{name}** 想要这台机器上关于自己的一切的副本。`npx rockpool person export {id} --out <文件夹>` 会制作一份签名的副本。",
  eraseAsk:
    "这会永久抹去我在所有渠道上有的关于你的一切：对话、文件、提醒、记忆、API 密钥，以及我认识你这件事。你在群里说的话也会抹去，别人说的会留下。确认请发送 `/forget everything yes`。",
  eraseBegun: "我开始抹去关于你的一切。完成后你会再收到我的一条消息。",
  eraseOwner:
    "你是这台机器的主人：只要你还是主人，就不能被抹去。`/forget yes` 抹去一个对话，`/memory forget all` 抹去我记得的关于你的内容。",
  eraseDirectOnly: "请在私聊里发给我，那里没有别人看到。",
  erased:
    "关于你的一切都已抹去：{messages} 条消息，以及文件、提醒、记忆和密钥。我不再认识你了。签名的凭证在这台机器的主人那里，编号是 {id}。",
  forgotten: "已抹去 {count} 条消息。",
  statusModel: "模型：{model}",
  statusModelDown: "模型：模型服务器没有应答。",
  statusNoModel: "模型：还没有安装。",
  statusPressure:
    "本机内存不足（空闲 {percent}%）：暂时由 {model} 代替本机模型回答，直到内存恢复。",
  statusServerAway: "模型服务器 {name} 没有应答。",
  statusQueue: "本对话排队中：{count}",
  statusGate: "模型服务器：{busy}/{slots} 正在回答，{count} 个在排队",
  statusMessages: "保存的消息：{count}",
  modelNow: "本对话使用 {model}。",
  modelAuto: "{name}（当前为 {model}）",
  modelList: "已安装：{models}",
  modelAliases: "也可按用途选择：{aliases}",
  modelSet: "从现在起，本对话使用 {model}。",
  modelTooMany: "更换模型太频繁了。请等五分钟再试。",
  modelUnknown: "没有安装 {model}。已安装：{models}",
  modelNone: "无",
  pinned: "已置顶，编号 {number}。在本对话中我会一直记住它，/new 之后也一样。",
  pinsFull: "已有 {count} 条置顶，放不下这一条了。可用 `/unpin <编号>` 取消一条；/pins 列出全部。",
  pinsNone: "没有置顶的内容。`/pin <内容>` 可以让我一直记住一条。",
  pinsList: "置顶：\n{list}",
  pinUnknown: "没有这个编号的置顶。",
  searchAsk: "请说要找什么：`/search <词>`。",
  searchNone: "这里说过的话里没有这些词。",
  searchFound: "找到 {count} 条，最新的在前：",
  searchOlder: "可能还有更早的：多写几个词来缩小范围。",
  searchMe: "我",
  unpinned: "已取消置顶：{text}",
  linkCode: "请在十分钟内，从你的另一个聊天软件给我发送 `/link {code}`。之后两边共用这个对话。",
  linkDone: "已连接。本对话接着你在 {channel} 上的继续。",
  linkTooMany: "尝试的代码太多了。请等十分钟再试。",
  linkBadCode: "这个代码无效或已过期。请用 /link 重新获取。",
  linkSelf: "这就是该代码所在的对话：请从另一个聊天软件发送它。",
  linkDirectOnly: "/link 只能在私聊中使用。",
  pairing:
    "你好！这是一个私人助手。你的配对码是\n\n**{code}**\n\n主人可以在一小时内批准你：`npx rockpool pair approve {code}`。",
  paired: "你已通过配对。有什么都可以问我；发送 /help 查看命令。",
  placeInLine: "正在排队等待模型，第 {position} 位",
  placeSeconds: "正在排队等待模型，第 {position} 位，约 {count} 秒",
  placeMinutes: "正在排队等待模型，第 {position} 位，约 {count} 分钟",
  waitingModel:
    "模型服务器暂时不在线。我已保存你的消息，等它恢复后立即回答，最多等待 {hours} 小时。",
  waitingBusy: "模型服务器正忙。我已保存你的消息，会尽快回答。",
  waitingFull: "现在等待模型的请求非常多。我已保存你的消息，一有空位就回答。",
  waitingMemory:
    "模型服务器的内存暂时不足以运行 {model}。我已保存你的消息并会重试；也可以用 /model 换一个小一点的模型。",
  waitingMissing:
    "我还没有可用的模型。在这台机器上运行 `ollama pull qwen3:4b` 即可安装；我已保存你的消息，到时回答。没有模型时 /help 也能用。",
  gaveUp: "我在 {hours} 小时内都无法连接模型，只好放下这条消息。模型服务器恢复后请重新发送。",
  failedTimeout: "模型用时太长，我把它停下了。请重试，或用 /model 换一个小一点的模型。",
  failedBroken: "模型的回答中断了。请重试。",
  failedRejected: "模型服务器拒绝了这个请求，原因见日志（`npx rockpool logs`）。",
  failedRemote: "这个模型会在别人的机器上运行，所以我不使用它。请用 /model 另选一个。",
  failedInternal: "我这边出了点问题，原因见日志（`npx rockpool logs`）。请重试。",
  emptyAnswer: "模型没有给出回答。请换个说法试试。",
  cutLength: "（回答已达长度上限。说“继续”可以接着写。）",
  cutMessage: "（你的消息超出了模型一次能读的长度：它只看到了开头和结尾。）",
  noVision:
    "{model} 看不了图片，我不想乱猜。如果装有能看图的模型，可用 `/model vision` 切换；也可以用文字告诉我图里有什么。",
  pictureTooLarge:
    "{name} 我看不了：我能看 PNG、JPEG 或 WebP 图片（不支持 HEIC 和 AVIF），最大 {max} MB、{pixels} 百万像素。请换成其中一种格式再发。",
  picturesLeft: "（我看了 {total} 张图片中的 {count} 张：一次放不下更多。）",
  voiceNone:
    "我还听不了语音：没有设置转写服务器，所以我只保存了你的语音，没有听。请用文字告诉我。管理这台机器的人可以设置 ROCKPOOL_TRANSCRIBE_URL。",
  voiceFailed: "我没能听清 {name}。请重新发送，或用文字告诉我；原因见日志（`npx rockpool logs`）。",
  cutStopped: "（已停止）",
  documentUnreadable:
    "{name} 我读不了：我能打开 PDF、Word（DOCX）、HTML、纯文本、Markdown、CSV 和 JSON，前提是里面有文字。请换成其中一种格式再发。",
  documentReading:
    "我正在读 {name}，共 {count} 部分，读完就回答。这期间你可以继续给我发消息；/stop 可以停止。",
  documentPart: "正在读 {name}：第 {part} 部分，共 {count} 部分",
  documentJoining: "正在整理笔记",
  tldrAsk: "请用中文为我总结：先用两三句话说明主要内容，再用简短的列表列出最重要的几点。",
  tldrMessage: "消息",
  tldrUsage:
    "告诉我要总结什么：发送 `/tldr` 并附上文件，或用它回复一条消息，或加上网址（`/tldr https://…`）。只发 `/tldr` 则总结本对话中最新的文件。",
  tldrWebOff:
    "我不抓取网页：这台机器的管理者没有开放（ROCKPOOL_WEB_FETCH）。请直接把文字或文件发给我。",
  tldrNoPage: "我没能从这个地址取到文字。",
  tooLong: "你的消息超过了我能接收的长度（{max} 个字符）。请分段发送，或以文件发送。",
  queueFull:
    "本对话已有 {count} 条消息在等待回答，我暂时不再接收。请在部分消息得到回答后，重新发送刚才的内容。",
  reminder: "提醒：{text}",
  reminderLate: "提醒：{text}\n\n（迟到的提醒：原定 {time}，当时我无法发送。）",
  memoryList:
    "我记得的关于你的事：\n\n{list}\n\n`/memory forget <编号>` 抹去一条，`/memory forget all` 抹去全部。",
  memoryEmpty: "我还没有记住关于你的事。说“记住……”，我就会记下。",
  memoryForgotten: "已忘记第 {number} 条。",
  memoryUnknown: "没有第 {number} 条。发送 /memory 查看我记得的内容。",
  memoryForgetAsk:
    "这会永久抹去我记得的关于你的全部 {count} 条内容。确认请发送 `/memory forget all yes`。",
  memoryAllForgotten: "我已忘记关于你的一切。",
  memoryDirectOnly: "我只在私聊中显示我记得的关于你的事。",
  remindUsage:
    "请告诉我时间和内容：`/remind 20分钟后 喝茶`、`/remind 明天上午9点 给小李打电话`、`/remind {example} 浇花`。",
  remindSet: "我会在 {time}（{zone}）提醒你：{text}",
  remindSetAgain: "我会{repeat}提醒你（{zone}），第一次在 {time}：{text}",
  remindPast: "这个时间已经过去了。要我什么时候提醒你？",
  remindTooFar: "我只能提醒五年以内的事。",
  remindRepeats:
    "我可以每天、每周的某几天或每月的某一天提醒你：`/remind 每天早上八点 吃药`、`/remind 每周一早上九点 倒垃圾`。",
  remindTooLong: "提醒内容太长了：最多 {max} 个字符。",
  remindFull: "已有 {max} 条提醒在等待。用 `/reminders cancel <编号>` 取消一些。",
  remindersList: "等待中的提醒（{zone}）：\n\n{list}\n\n用 `/reminders cancel <编号>` 取消一条。",
  remindersEmpty: "这里没有等待中的提醒。`/remind 明天上午9点 给小李打电话` 可以设置一条。",
  remindersCancelled: "已取消第 {number} 条提醒。",
  remindersUnknown: "这里没有第 {number} 条提醒。发送 /reminders 查看。",
  zoneNow: "你的时区是 {zone}，现在是 {time}。用 `/timezone <城市>` 更改。",
  zoneSet: "你的时区已设为 {zone}，现在是 {time}。",
  zoneUnknown: "我不知道 {place} 的时区。请说一个大城市，或 Asia/Shanghai 这样的时区名。",
  fileTooLarge: "无法保存 {name}：超过 {max} MB。",
  fileFailed: "无法从聊天软件取得 {name}。",
  fileStoreFull: "无法保存 {name}：本对话的文件空间已满。可用 /forget 清空。",
  flowYes: "是",
  flowNo: "否",
  flowSkip: "（回复“跳过”可略过。）",
  flowHintText: "这里需要 {min} 到 {max} 个字符的回答。",
  flowHintEmail: "我认不出这个邮箱地址。它应该像 ada@example.org 这样。",
  flowHintPhone: "我认不出这个电话号码。它应该有 5 到 15 位数字，例如 +86 138 1234 5678。",
  flowHintDate: "我认不出这个日期。请写成 2026-12-24、12月24日或“明天”。",
  flowHintFutureDate: "这里需要今天或以后的日期。请写成 2026-12-24、12月24日或“明天”。",
  flowHintNumber: "这里需要一个数字。",
  flowHintWhole: "这里需要一个整数。",
  flowHintFrom: "至少为 {min}。",
  flowHintTo: "最多为 {max}。",
  flowHintChoice: "请从下面选择一项，回复名称或编号：",
  flowHintYesNo: "请回答“是”或“否”。",
  flowExpired: "有一阵没有收到你的消息，我先结束了“{title}”。发送 `/flow {name}` 可以重新开始。",
  flowDone: "谢谢，这就可以了。",
  flowToModel: "谢谢。请继续，我已知道你的回答，会尽力帮忙。",
  flowToPerson: "我已通知了一个人，对方会回复你。",
  flowList: "我会这些对话流程：",
  flowNone: "我还没有任何对话流程。",
  flowUnknown: "没有这个名称的对话流程。发送 /flow 查看全部。",
  flowBusy: "你已经在对话流程 `{name}` 中。发送 /cancel 可以退出。",
  flowFull: "本对话中进行的流程太多，请稍后再试。",
  flowLeft: "好的，已退出。没有告诉任何人。",
  flowNothingToLeave: "现在没有可以退出的对话流程。",
  nothingToStopFlow: "现在没有可以停止的回答。发送 /cancel 可以退出当前的对话流程。",
  handoverHowTo: "`/reply {number} <内容>` 回复，`/done {number}` 交还给助手；/waiting 列出全部。",
  handoverPassedOn: "你写的内容我会转达，会有人在这里回复你。发送 /cancel 可以让我继续。",
  handoverBusy: "将由人工回复你。先发送 /cancel 让我继续，然后再开始这个流程。",
  handoverGivenBack: "从现在起，由助手继续回复你。",
  handoverTimedOut: "抱歉，{hours} 小时内没有人回复。从现在起，由助手继续回复你。",
  handoverFull: "目前等待人工的人太多，暂由助手回复你。",
  handoverLeft: "好的，由助手继续回复你。对方会得知。",
  handoverOverLeft: "**#{number}** 已回到助手。",
  handoverOverTimedOut: "**#{number}** 等待过久，已交还给助手。",
  handoverNone: "没有人在等待人工回复。",
  handoverList:
    "以下的人在等待人工回复：\n\n{list}\n\n`/reply <编号> <内容>` 回复，`/done <编号>` 结束。",
  handoverAnsweredBy: "回复者：{name}",
  handoverReplyUsage: "请写成 `/reply 3 早上好！`。/waiting 列出编号。",
  handoverDoneUsage: "请写成 `/done 3`，后面可以加最后一句话。/waiting 列出编号。",
  handoverTooLong: "太长了：最多 {max} 个字符。",
  handoverSent: "已发送给 #{number}。",
  handoverDone: "#{number} 已交还给助手。",
  handoverUnknown: "没有 #{number}，或已结束。/waiting 列出等待的人。",
  handoverDirectOnly: "这只能在私聊中使用。",
  flowNotice: "**{title}**：{name} 已填写（{channel}，对话 {conversation}）。",
  integrityBroken:
    "**这台机器上有数据库已损坏。** 每日检查发现 {databases} 个数据库中有 {broken} 个不完整。请在机器上运行 `npx rockpool integrity` 查看是哪些；然后停止服务，恢复最近一份完整的备份（`npx rockpool restore`）。较早的备份保持原样。",
  backupFailed:
    "**这台机器目前没有备份。** 每日备份失败：{reason}。请在机器上运行 `npx rockpool backup`，它会说明问题和处理办法。",
};
