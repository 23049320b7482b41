"""The types of what this door tells in v1.0 (graph-print.md 2); members that are ours are among them.

A line that is not indented is a type, with its base after a colon; `abstract` and `open` as they are. An indented one is a property
and its type: in brackets there are many, `!` is never null, `->` leads to other entities.
"""

TYPES = """
entity entity abstract key
  id string!
complex integerRange
  start int64!
  end int64!
complex userIdentity
  id string
  displayName string
  ipAddress string
  userPrincipalName string
complex appIdentity
  appId string
  displayName string
  servicePrincipalId string
  servicePrincipalName string
complex printerLocation
  altitudeInMeters int32
  building string
  city string
  countryOrRegion string
  floor string
  floorDescription string
  latitude double
  longitude double
  organization [string]
  postalCode string
  roomDescription string
  roomName string
  site string
  stateOrProvince string
  streetAddress string
  subdivision [string]
  subunit [string]
complex printerStatus
  state printerProcessingState!
  details [printerProcessingStateDetail]!
  description string
complex printerDefaults
  colorMode printColorMode
  contentType string
  copiesPerJob int32
  dpi int32
  duplexMode printDuplexMode
  finishings [printFinishing]
  fitPdfToPage boolean
  inputBin string
  mediaColor string
  mediaSize string
  mediaType string
  multipageLayout printMultipageLayout
  orientation printOrientation
  outputBin string
  pagesPerSheet int32
  quality printQuality
  scaling printScaling
complex printerCapabilities
  bottomMargins [int32]
  collation boolean
  colorModes [printColorMode]
  contentTypes [string]
  copiesPerJob integerRange
  dpis [int32]
  duplexModes [printDuplexMode]
  feedOrientations [printerFeedOrientation]
  finishings [printFinishing]
  inputBins [string]
  isColorPrintingSupported boolean
  isPageRangeSupported boolean
  leftMargins [int32]
  mediaColors [string]
  mediaSizes [string]
  mediaTypes [string]
  multipageLayouts [printMultipageLayout]
  orientations [printOrientation]
  outputBins [string]
  pagesPerSheet [int32]
  qualities [printQuality]
  rightMargins [int32]
  scalings [printScaling]
  supportsFitPdfToPage boolean
  topMargins [int32]
entity printerBase : entity abstract
  displayName string!
  manufacturer string
  model string
  isAcceptingJobs boolean
  status printerStatus!
  location printerLocation
  defaults printerDefaults
  capabilities printerCapabilities
  jobs -> [printJob]
entity printer : printerBase
  hasPhysicalDevice boolean!
  isShared boolean!
  registeredDateTime dateTimeOffset!
  lastSeenDateTime dateTimeOffset
  connectors -> [printConnector]
  shares -> [printerShare]
  taskTriggers -> [printTaskTrigger]
complex printerShareViewpoint
  lastUsedDateTime dateTimeOffset
entity printerShare : printerBase
  allowAllUsers boolean!
  createdDateTime dateTimeOffset!
  viewPoint printerShareViewpoint
  allowedUsers -> [user]
  allowedGroups -> [group]
  printer -> printer
entity user : entity open
  displayName string
  userPrincipalName string
entity group : entity open
  displayName string
complex printMargin
  top int32
  bottom int32
  left int32
  right int32
complex printJobConfiguration
  collate boolean
  colorMode printColorMode
  copies int32
  dpi int32
  duplexMode printDuplexMode
  feedOrientation printerFeedOrientation
  finishings [printFinishing]
  fitPdfToPage boolean
  inputBin string
  margin printMargin
  mediaSize string
  mediaType string
  multipageLayout printMultipageLayout
  orientation printOrientation
  outputBin string
  pageRanges [integerRange]
  pagesPerSheet int32
  quality printQuality
  scaling printScaling
complex printJobStatus
  state printJobProcessingState!
  details [printJobStateDetail]!
  description string!
  isAcquiredByPrinter boolean!
entity printJob : entity
  createdDateTime dateTimeOffset!
  createdBy userIdentity
  displayName string
  configuration printJobConfiguration!
  isFetchable boolean!
  acknowledgedDateTime dateTimeOffset
  completedDateTime dateTimeOffset
  errorCode int32
  redirectedFrom string
  redirectedTo string
  status printJobStatus!
  documents -> [printDocument]
  tasks -> [printTask]
entity printDocument : entity stream
  displayName string
  contentType string
  size int64!
  uploadedDateTime dateTimeOffset
  downloadedDateTime dateTimeOffset
complex printDocumentUploadProperties
  documentName string!
  contentType string!
  size int64!
complex printCertificateSigningRequest
  content string!
  transportKey string!
complex uploadSession
  uploadUrl string
  expirationDateTime dateTimeOffset
  nextExpectedRanges [string]
complex printTaskStatus
  state printTaskProcessingState!
  description string!
entity printTask : entity
  parentUrl string!
  status printTaskStatus!
  definition -> printTaskDefinition
  trigger -> printTaskTrigger
entity printTaskDefinition : entity
  displayName string!
  createdBy appIdentity!
  timeLimitInSeconds int32!
  onTimeLimit string!
  onTaskAborted string!
  tasks -> [printTask]
entity printTaskTrigger : entity
  event printEvent!
  definition -> printTaskDefinition
entity printConnector : entity
  appVersion string!
  displayName string!
  fullyQualifiedDomainName string!
  location printerLocation
  operatingSystem string!
  registeredDateTime dateTimeOffset!
  isOnline boolean!
entity printServiceEndpoint : entity
  displayName string!
  uri string!
entity printService : entity
  endpoints -> [printServiceEndpoint]
complex printOperationStatus
  state printOperationProcessingState!
  description string!
entity printOperation : entity abstract
  createdDateTime dateTimeOffset!
  status printOperationStatus!
entity printerCreateOperation : printOperation
  certificate string
  printer -> printer
complex airPrintSettings
  incompatiblePrinters incompatiblePrinterSettings!
complex printerDiscoverySettings
  airPrint airPrintSettings!
complex printSettings
  documentConversionEnabled boolean!
  printerDiscoverySettings printerDiscoverySettings
entity print
  settings printSettings
  connectors -> [printConnector]
  operations -> [printOperation]
  printers -> [printer]
  services -> [printService]
  shares -> [printerShare]
  taskDefinitions -> [printTaskDefinition]
entity printUsage : entity abstract
  usageDate date!
  completedBlackAndWhiteJobCount int64!
  completedColorJobCount int64!
  completedJobCount int64
  incompleteJobCount int64!
  pageCount int64
  mediaSheetCount int64
  blackAndWhitePageCount int64
  colorPageCount int64
  singleSidedSheetCount int64
  doubleSidedSheetCount int64
entity printUsageByPrinter : printUsage
  printerId string!
  printerName string
entity printUsageByUser : printUsage
  userPrincipalName string!
complex archivedPrintJob
  id string!
  createdBy userIdentity
  createdDateTime dateTimeOffset!
  acquiredByPrinter boolean!
  acquiredDateTime dateTimeOffset
  completionDateTime dateTimeOffset
  copiesPrinted int32!
  printerId string
  printerName string
  processingState printJobProcessingState!
entity reportRoot
  dailyPrintUsageByPrinter -> [printUsageByPrinter]
  dailyPrintUsageByUser -> [printUsageByUser]
  monthlyPrintUsageByPrinter -> [printUsageByPrinter]
  monthlyPrintUsageByUser -> [printUsageByUser]
entity subscription : entity
  resource string!
  applicationId string
  changeType string!
  clientState string
  notificationUrl string!
  notificationQueryOptions string
  lifecycleNotificationUrl string
  expirationDateTime dateTimeOffset!
  creatorId string
  includeResourceData boolean
  latestSupportedTlsVersion string
  encryptionCertificate string
  encryptionCertificateId string
  notificationUrlAppId string
"""

#: Actions and functions, each with what it belongs to, its parameters, and what it answers.
OPERATIONS = """
action create on [printer] displayName:string manufacturer:string model:string physicalDeviceId:string hasPhysicalDevice:boolean\
 certificateSigningRequest:printCertificateSigningRequest connectorId:string
action restoreFactoryDefaults on printer
action start on printJob = printJobStatus
action cancel on printJob
action abort on printJob reason:string
action redirect on printJob destinationPrinterId:string configuration:printJobConfiguration = printJob
action createUploadSession on printDocument properties:printDocumentUploadProperties = uploadSession
action reauthorize on subscription
function getPrinterArchivedPrintJobs on reportRoot printerId:string startDateTime:dateTimeOffset endDateTime:dateTimeOffset\
 = [archivedPrintJob]
function getUserArchivedPrintJobs on reportRoot userId:string startDateTime:dateTimeOffset endDateTime:dateTimeOffset\
 = [archivedPrintJob]
function getGroupArchivedPrintJobs on reportRoot groupId:string startDateTime:dateTimeOffset endDateTime:dateTimeOffset\
 = [archivedPrintJob]
"""

#: What the addresses begin with: one thing, or many.
SINGLETONS = {"print": "print", "reports": "reportRoot"}
SETS = {"subscriptions": "subscription"}
