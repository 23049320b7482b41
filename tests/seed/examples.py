"""The request examples of the protocol's own document (`000_ec687ecdeecaad49.txt`), as they are printed there.

Unquoted names, comments, whole lines commented out and line breaks within texts are the document's. Its `unim://` address is
not: two printings of it differ (webprinter.md 1.7, row 15), so that a test uploads a file and puts its address at `URL`.
"""

#: Where the address of an upload stands, broken into lines as the document prints it.
URL = "<<the address of the upload>>"

#: Section of the document -> the request.
REQUESTS = {
    "3.2 sending a command": """{
  command:"listDevices",
  data:{
    deviceType:"printer"
  }
}""",
    "5.2 listDevices": """{
  command: "listDevices",
  data: {
    deviceType: "printer"
  }
}""",
    "5.3 getDeviceDetail": """{
  command: "getDeviceDetail",
  data: {
    controlSn: "jueKiUEE",
    deviceName: "Microsoft XPS Document Writer",
    deviceType: "printer"
  }
}""",
    "5.4 getDefaultDevice": """{
  "command": "getDefaultDevice",
  "data": {
    "deviceType": "printer"
  }
}""",
    "5.5 setDefaultDevice": """{
  "command": "setDefaultDevice",
  "data": {

"deviceType": "printer",
"deviceName": "Microsoft XPS Document Writer",
"controlSn": "jueKiUEE"
}
}""",
    "5.6 newPrintTask": """{
  "command": "newPrintTask",
  "data": {
    "task": {
      "name": "Task001",
      "deviceName": "Microsoft XPS Document Writer",
      "deviceType": "printer",

    "controlSn": "jueKiUEE",
    "mediaSource": "URL",
    "mediaFormat": "HTML",
    "content": "http://www.baidu.com",
    "javascript": true,
    "printBackground": true,
    "headers": {
      "JSESSIONID": "0d41b225-5e9d-4135-8c38-0d33819d5df5"
    },
    "config": {
      // "pagesPerSheet": 1,
      // "copies": 1,
      // "marginTop": 0,
      // "marginRight": 0,
      // "marginLeft": 0,
      // "marginBottom": 0,
      // "orientation": "LANDSCAPE",
      "color": "COLOR",
      "side": "ONESIDE"
      // "pageRanges": "1-3,5,9",
      // "paperConfig": {
      //   "width": 210,
      //   "height": 297
      // }
    }
  }
}
}""",
    "5.7.2 newPrintTask of an upload": """{
  "command": "newPrintTask",
  "data": {
    "task": {
      "name": "Task001",
      "deviceName": "导出为 WPS PDF",
      "deviceType": "printer",
      "controlSn": "jueKiUEE",
      "mediaSource": "URL",
      "mediaFormat": "PNG",
      "content": "<<the address of the upload>>",
      "javascript": true,
      "printBackground": null,
      "headers": null,
      "config": {
        // "pagesPerSheet": 1,
        // "copies": null,
        // "marginTop": null,
        // "marginRight": 82734683.99976347,
        // "marginLeft": null,
        // "marginBottom": 85439126.27052188,
        // "orientation": "LANDSCAPE",
        "color": "COLOR",
        "side": "ONESIDE"
        // "pageRanges": "culpa aliqua ad sunt dolore",
        // "paperConfig": {
        //   "width": 83,
        //   "height": 2
        // }
      }
    }
  }
}""",
    "5.8 newPrintTaskBatch": """{
  "command": "newPrintTaskBatch",
  "data": {
    "tasks": [ {
      "name": "Task001",
      "deviceName": "Microsoft XPS Document Writer",
      "deviceType": "printer",
      "controlSn": "jueKiUEE",
      "mediaSource": "URL",
      "mediaFormat": "HTML",
      "content": "http://www.baidu.com",
      "config": {
        // "pagesPerSheet": 1,
        // "copies": 1,
        // "marginTop": 1,
        // "marginRight": 1,
        // "marginLeft": 1,
        // "marginBottom": 1,
        // "orientation": "LANDSCAPE",
        "color": "COLOR",
        "side": "ONESIDE"
        // "pageRanges": "1",
        // "paperConfig": {
        //   "width": 210,
        //   "height": 297
        // }
      }
    }
  ]
}
}""",
    "5.9 listTasks": """{
  command: "listTasks",
  data: {
    limit: 100
  }
}""",
}

#: The form of every request; a name stands where a value is to be written.
FORM = """{
  "command":command,
  "data":data
}"""

SN = "jueKiUEE"
XPS = "Microsoft XPS Document Writer"
WPS = "导出为 WPS PDF"

#: Keys of the answers' objects, in their order (webprinter.md 1.5: the captures, completed).
DEVICE_INFO = ["type", "name", "local", "controlSn", "connectSn", "status", "sharing", "defaultDevice", "shareable", "deletable"]
ROW = ["taskId", "taskType", "taskName", "status", "deviceName", "deviceType", "deviceAlias", "fromOsName", "from", "createTime"]
TASK_ID = r"jueKiUEE-[0-9a-z]{12}"


def in_lines(url: str) -> str:
    """An address as the document prints it: broken into lines, one of them with a blank before it is broken."""
    return f"{url[:58]}\n{url[58:137]}\n {url[137:]}"
