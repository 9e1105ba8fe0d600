/** The commands that Telegram offers when a person types "/", in the languages the assistant speaks. */

interface BotCommand {
  command: string;
  description: string;
}

const ENGLISH: readonly BotCommand[] = [
  { command: "help", description: "What I can do" },
  { command: "new", description: "Start afresh" },
  { command: "status", description: "How I am doing" },
  { command: "model", description: "Show or change the model" },
  { command: "stop", description: "Stop the running answer" },
  { command: "tldr", description: "Summarise a document or page" },
  { command: "pins", description: "Notes that I keep in mind" },
  { command: "search", description: "Find what was said here" },
  { command: "remind", description: "Remind you of something" },
  { command: "reminders", description: "Reminders that wait" },
  { command: "memory", description: "What I remember of you" },
  { command: "timezone", description: "Show or change your time zone" },
  { command: "link", description: "Use one conversation from two messengers" },
  { command: "flow", description: "Show or begin a dialogue" },
  { command: "cancel", description: "Leave the dialogue" },
  { command: "whoami", description: "Who you are to me" },
  { command: "export", description: "Ask for a copy of everything" },
  { command: "forget", description: "Erase this conversation" },
];

const CHINESE: readonly BotCommand[] = [
  { command: "help", description: "我能做什么" },
  { command: "new", description: "重新开始对话" },
  { command: "status", description: "查看我的状态" },
  { command: "model", description: "查看或更换模型" },
  { command: "stop", description: "停止正在生成的回答" },
  { command: "tldr", description: "总结文件或网页" },
  { command: "pins", description: "查看置顶的内容" },
  { command: "search", description: "查找这里说过的话" },
  { command: "remind", description: "设置提醒" },
  { command: "reminders", description: "查看等待中的提醒" },
  { command: "memory", description: "我记得的关于你的事" },
  { command: "timezone", description: "查看或更改时区" },
  { command: "link", description: "在两个通讯软件中使用同一个对话" },
  { command: "flow", description: "查看或开始一个对话流程" },
  { command: "cancel", description: "退出当前的对话流程" },
  { command: "whoami", description: "我把你当作谁" },
  { command: "export", description: "索取关于你的一切的副本" },
  { command: "forget", description: "删除这个对话" },
];

/** Without a language: for everybody who speaks none of the others. */
export const COMMAND_LISTS: readonly { language?: "zh"; commands: readonly BotCommand[] }[] = [
  { commands: ENGLISH },
  { language: "zh", commands: CHINESE },
];
