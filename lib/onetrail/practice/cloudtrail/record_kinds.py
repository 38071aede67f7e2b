"""Kinds of calls in the synthetic history: what a busy account's trail is made of.

Parameters and answers are JSON with tokens: `@i17` is 17 hexadecimal digits, `@n12` 12 decimal digits, `@l8` 8 letters,
`@region`, `@account`, `@time`, `@uuid`. The company, its people and its names are invented.
"""

from dataclasses import dataclass
from typing import Final

READ, WRITE = True, False


@dataclass(frozen=True, slots=True)
class RecordKind:
    """One kind of call. `actors` are letters: r role, u user, s a service for the account, o other account, R root."""

    weight: int
    service: str
    name: str
    read_only: bool
    actors: str
    parameters: str = "null"
    response: str = "null"
    extra: str = ""
    """Fields between responseElements and requestID, each followed by a comma."""
    resources: str = ""
    error: tuple[str, str] | None = None
    api_version: str = ""
    event_type: str = "AwsApiCall"


_DENIED = "User: @arn is not authorized to perform: {} because no identity-based policy allows the {} action"
_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
_ASSUMED = (
    '{"credentials":{"accessKeyId":"ASIAOTPRACTICE@u6","sessionToken":"' + _HIDDEN + '","expiration":"@time"},'
    '"assumedRoleUser":{"assumedRoleId":"AROAOTPRACTICE@u7:@session",'
    '"arn":"arn:aws:sts::@account:assumed-role/acme-@l6/@session"}}'
)
_ROLE_RESOURCE = '[{"accountId":"@account","type":"AWS::IAM::Role","ARN":"arn:aws:iam::@account:role/acme-app-prod"}]'
_KEY_RESOURCE = (
    '[{"accountId":"@account","type":"AWS::KMS::Key",'
    '"ARN":"arn:aws:kms:@region:@account:key/6f1c2d3e-0000-4000-8000-0ac3e0000001"}]'
)

REGIONAL: Final = (
    RecordKind(90, "sts", "AssumeRole", READ, "s",
         '{"roleArn":"arn:aws:iam::@account:role/acme-app-prod","roleSessionName":"i-@i17","durationSeconds":3600}',
         _ASSUMED, resources=_ROLE_RESOURCE),
    RecordKind(60, "ssm", "UpdateInstanceInformation", WRITE, "r",
         '{"instanceId":"i-@i17","agentVersion":"3.1.1188.0","agentStatus":"Active","platformType":"Linux",'
         '"platformName":"Amazon Linux","platformVersion":"2","iPAddress":"198.51.100.@n2","computerName":"ip-@n6.acme.internal",'
         '"agentName":"amazon-ssm-agent"}'),
    RecordKind(50, "ec2", "DescribeInstances", READ, "ru", '{"maxResults":1000,"instancesSet":{},"filterSet":{}}'),
    RecordKind(30, "ec2", "DescribeNetworkInterfaces", READ, "r",
         '{"networkInterfaceIdSet":{},"filterSet":{"items":[{"name":"status","valueSet":{"items":[{"value":"in-use"}]}}]}}'),
    RecordKind(25, "ec2", "DescribeVolumes", READ, "ru", '{"volumeSet":{},"filterSet":{},"maxResults":500}'),
    RecordKind(12, "ec2", "CreateTags", WRITE, "r",
         '{"resourcesSet":{"items":[{"resourceId":"vol-@i17"}]},"tagSet":{"items":[{"key":"team","value":"payments"},'
         '{"key":"cost-center","value":"cc-@n4"}]}}', '{"requestId":"@uuid","_return":true}'),
    RecordKind(6, "ec2", "RunInstances", WRITE, "r",
         '{"instancesSet":{"items":[{"imageId":"ami-@i17","minCount":1,"maxCount":1}]},"instanceType":"m5.large",'
         '"blockDeviceMapping":{},"monitoring":{"enabled":false},"disableApiTermination":false,'
         '"clientToken":"@uuid","subnetId":"subnet-@i17"}',
         '{"requestId":"@uuid","reservationId":"r-@i17","ownerId":"@account","groupSet":{},"instancesSet":{"items":[{'
         '"instanceId":"i-@i17","imageId":"ami-@i17","instanceState":{"code":0,"name":"pending"},'
         '"privateDnsName":"ip-@n8.acme.internal","amiLaunchIndex":0,"productCodes":{},"instanceType":"m5.large",'
         '"placement":{"availabilityZone":"@regiona","tenancy":"default"},"monitoring":{"state":"disabled"},'
         '"subnetId":"subnet-@i17","vpcId":"vpc-0ac3e000000000001","privateIpAddress":"198.51.100.@n2",'
         '"architecture":"x86_64","rootDeviceType":"ebs","rootDeviceName":"/dev/xvda","virtualizationType":"hvm"}]}}'),
    RecordKind(28, "kms", "Decrypt", READ, "rs",
         '{"encryptionContext":{"PARAMETER_ARN":"arn:aws:ssm:@region:@account:parameter/acme/prod/@l8"},'
         '"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}', resources=_KEY_RESOURCE),
    RecordKind(24, "kms", "GenerateDataKey", READ, "rs",
         '{"keyId":"arn:aws:kms:@region:@account:key/6f1c2d3e-0000-4000-8000-0ac3e0000001",'
         '"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::acme-data-@region/in/@l8"},"keySpec":"AES_256"}',
         resources=_KEY_RESOURCE),
    RecordKind(22, "s3", "GetBucketAcl", READ, "c", '{"bucketName":"acme-audit-@region","Host":"s3.@region.amazonaws.com","acl":""}',
         extra='"additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"ECDHE-RSA-AES128-GCM-SHA256",'
               '"bytesTransferredIn":0.0,"AuthenticationMethod":"AuthHeader","x-amz-id-2":"@l32","bytesTransferredOut":543.0},',
         resources='[{"accountId":"@account","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::acme-audit-@region"}]'),
    RecordKind(10, "s3", "GetBucketLocation", READ, "ru",
         '{"bucketName":"acme-data-@region","location":"","Host":"acme-data-@region.s3.@region.amazonaws.com"}',
         extra='"additionalEventData":{"SignatureVersion":"SigV4","bytesTransferredIn":0.0,"bytesTransferredOut":137.0},'),
    RecordKind(20, "logs", "CreateLogStream", WRITE, "r",
         '{"logGroupName":"/aws/lambda/acme-@l6","logStreamName":"@date/[$LATEST]@i32"}', api_version="20140328"),
    RecordKind(14, "dynamodb", "DescribeTable", READ, "r", '{"tableName":"acme-@l6"}', api_version="2012-08-10",
         resources='[{"accountId":"@account","type":"AWS::DynamoDB::Table",'
                   '"ARN":"arn:aws:dynamodb:@region:@account:table/acme-orders"}]'),
    RecordKind(12, "ecr", "GetAuthorizationToken", READ, "ru", '{"registryIds":["@account"]}'),
    RecordKind(10, "lambda", "GetFunction20150331v2", READ, "ru",
         '{"functionName":"arn:aws:lambda:@region:@account:function:acme-@l6"}', api_version="2015-03-31"),
    RecordKind(4, "lambda", "UpdateFunctionCode20150331v2", WRITE, "r",
         '{"functionName":"acme-@l6","publish":false,"dryRun":false}',
         '{"functionName":"acme-billing","runtime":"python3.9","role":"arn:aws:iam::@account:role/acme-app-prod",'
         '"handler":"app.handler","codeSize":@n6,"timeout":30,"memorySize":256,"lastModified":"@time",'
         '"codeSha256":"@l43=","version":"$LATEST","state":"Active"}', api_version="2015-03-31"),
    RecordKind(12, "elasticloadbalancing", "DescribeTargetHealth", READ, "r",
         '{"targetGroupArn":"arn:aws:elasticloadbalancing:@region:@account:targetgroup/acme-@l6/@i16"}',
         api_version="2015-12-01"),
    RecordKind(8, "autoscaling", "DescribeAutoScalingGroups", READ, "r", '{"maxRecords":100}'),
    RecordKind(6, "cloudformation", "DescribeStacks", READ, "ru", '{"stackName":"acme-@l6-stack"}', api_version="2010-05-15"),
    RecordKind(5, "secretsmanager", "DescribeSecret", READ, "r",
         '{"secretId":"arn:aws:secretsmanager:@region:@account:secret:acme/prod/@l6"}'),
    RecordKind(4, "ec2", "AuthorizeSecurityGroupIngress", WRITE, "r",
         '{"groupId":"sg-@i17","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":443,"toPort":443,"groups":{},'
         '"ipRanges":{"items":[{"cidrIp":"203.0.113.0/24","description":"partner\'s office"}]},"ipv6Ranges":{},'
         '"prefixListIds":{}}]}}', '{"requestId":"@uuid","_return":true}'),
    RecordKind(5, "ec2", "DescribeInstances", READ, "u", '{"instancesSet":{},"filterSet":{}}',
         error=("Client.UnauthorizedOperation", "You are not authorized to perform this operation.")),
    RecordKind(4, "s3", "GetBucketPolicy", READ, "r", '{"bucketName":"acme-data-@region","policy":"","Host":"s3.amazonaws.com"}',
         error=("NoSuchBucketPolicy", "The bucket policy does not exist")),
    RecordKind(4, "kms", "Decrypt", READ, "u", error=("AccessDenied", _DENIED.format("kms:Decrypt", "kms:Decrypt"))),
    RecordKind(3, "ssm", "GetParameter", READ, "r", '{"name":"/acme/prod/@l8","withDecryption":true}',
         error=("ThrottlingException", "Rate exceeded")),
    RecordKind(2, "lambda", "GetPolicy20150331v2", READ, "r", '{"functionName":"acme-@l6"}',
         error=("ResourceNotFoundException", "The resource you requested does not exist."), api_version="2015-03-31"),
    RecordKind(3, "sqs", "CreateQueue", WRITE, "r", '{"queueName":"acme-@l6-queue","attribute":{"VisibilityTimeout":"30"}}',
         '{"queueUrl":"https://sqs.@region.amazonaws.com/@account/acme-jobs?v=1&a=2"}'),
    RecordKind(2, "sts", "AssumeRole", READ, "o",
         '{"roleArn":"arn:aws:iam::@account:role/acme-readonly-audit","roleSessionName":"audit"}', _ASSUMED,
         extra='"additionalEventData":{"ExplicitTrustGrant":"true"},', resources=_ROLE_RESOURCE),
    RecordKind(1, "kms", "RotateKey", WRITE, "k", event_type="AwsServiceEvent",
         extra='"serviceEventDetails":{"keyId":"6f1c2d3e-0000-4000-8000-0ac3e0000001"},', resources=_KEY_RESOURCE),
)  # fmt: skip
"""Recorded in the region where they were called."""

GLOBAL: Final = (
    RecordKind(30, "iam", "ListRoles", READ, "ru", '{"maxItems":100}', api_version="2010-05-08"),
    RecordKind(20, "iam", "GetRole", READ, "ru", '{"roleName":"acme-@l6"}', api_version="2010-05-08"),
    RecordKind(16, "iam", "GenerateCredentialReport", READ, "r", response='{"state":"COMPLETE"}', api_version="2010-05-08"),
    RecordKind(6, "iam", "UpdateAssumeRolePolicy", WRITE, "r",
         '{"roleName":"acme-@l6","policyDocument":"{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":[{\\"Effect\\":\\"Allow\\",'
         '\\"Principal\\":{\\"Service\\":\\"ec2.amazonaws.com\\"},\\"Action\\":\\"sts:AssumeRole\\"}]}"}',
         api_version="2010-05-08"),
    RecordKind(6, "iam", "AttachRolePolicy", WRITE, "r",
         '{"roleName":"acme-@l6","policyArn":"arn:aws:iam::aws:policy/ReadOnlyAccess"}', api_version="2010-05-08"),
    RecordKind(4, "iam", "CreateAccessKey", WRITE, "u", '{"userName":"svc-backup"}',
         '{"accessKey":{"userName":"svc-backup","accessKeyId":"AKIAOTPRACTICE@u6","status":"Active","createDate":"@slashed"}}',
         api_version="2010-05-08"),
    RecordKind(3, "iam", "DeleteUser", WRITE, "u", '{"userName":"@l7"}',
         error=("AccessDenied", _DENIED.format("iam:DeleteUser", "iam:DeleteUser")), api_version="2010-05-08"),
    RecordKind(10, "signin", "ConsoleLogin", WRITE, "u", "null", '{"ConsoleLogin":"Success"}',
         extra='"additionalEventData":{"LoginTo":"https://console.aws.amazon.com/console/home?state=hashArgs%23&isauthcode=true",'
               '"MobileVersion":"No","MFAUsed":"Yes"},', event_type="AwsConsoleSignIn"),
    RecordKind(2, "signin", "ConsoleLogin", WRITE, "R", "null", '{"ConsoleLogin":"Success"}',
         extra='"additionalEventData":{"LoginTo":"https://console.aws.amazon.com/console/home","MobileVersion":"No",'
               '"MFAUsed":"Yes"},', event_type="AwsConsoleSignIn"),
)  # fmt: skip
"""Global-service events: until 2021-11-22 every single-region trail received a copy."""
